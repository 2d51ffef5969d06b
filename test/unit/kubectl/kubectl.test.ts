import assert from "node:assert/strict";
import { test } from "node:test";
import { Kubectl } from "../../../provider/host/kubectl";
import { hasReason } from "../../../provider/host/kubeErrors";
import { type Answer, fakeHost, refused, unavailable } from "./fakeHost";

const node = { apiVersion: "v1", kind: "Node", metadata: { name: "w1", uid: "u1" } };

/** Answers in this order; the last one again and again. */
function sequence(...answers: Answer[]) {
  let next = 0;
  return fakeHost(() => answers[Math.min(next++, answers.length - 1)] ?? "");
}

test("nothing of an object is in argv", async () => {
  const host = fakeHost(() => ({ kind: "List", apiVersion: "v1", items: [] }));
  const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "s" }, data: { key: "c2VjcmV0" } };
  await new Kubectl(host).apply([secret], { fieldManager: "m" });
  const [asked] = host.asked;
  assert.doesNotMatch(String(asked?.all), /c2VjcmV0/);
  assert.match(String(asked?.stdin), /c2VjcmV0/);
  assert.ok(asked?.argv.includes("--server-side"));
});

test("an object that is not there is undefined, a failure is an error", async () => {
  assert.equal(await new Kubectl(sequence("")).get({ type: "nodes", name: "w1" }), undefined);
  await assert.rejects(new Kubectl(sequence(refused("Forbidden"))).get({ type: "nodes", name: "w1" }), (error) =>
    hasReason(error, "Forbidden"),
  );
});

test("a list of one and a single object are the same", async () => {
  assert.deepEqual(await new Kubectl(sequence(node)).list({ type: "nodes" }), [node]);
  const list = { apiVersion: "v1", kind: "List", items: [node, node] };
  assert.equal((await new Kubectl(sequence(list)).list({ type: "nodes" })).length, 2);
});

test("a call that may be made twice is, while the API does not answer", async () => {
  const host = sequence(unavailable, unavailable, node);
  assert.deepEqual(await new Kubectl(host).get({ type: "nodes", name: "w1" }), node);
  assert.equal(host.asked.length, 3);
});

test("patience has an end, and what may not be made twice is made once", async () => {
  const impatient = sequence(unavailable);
  await assert.rejects(new Kubectl(impatient, { patienceMs: 0 }).get({ type: "nodes", name: "w1" }), /refused/);
  assert.equal(impatient.asked.length, 1);
  const posted = sequence(unavailable, node);
  await assert.rejects(new Kubectl(posted).post("/api/v1/x", {}), (error) => hasReason(error, "Unavailable"));
  assert.equal(posted.asked.length, 1);
});

const discovery = {
  kind: "APIResourceList",
  resources: [
    { name: "nodes", kind: "Node", namespaced: false },
    { name: "nodes/status", kind: "Node", namespaced: false },
    { name: "pods", kind: "Pod", namespaced: true },
  ],
};

test("a deletion names the object by its uid, and what is gone is no error", async () => {
  const host = sequence(discovery, "{}");
  assert.equal(await new Kubectl(host).delete({ apiVersion: "v1", kind: "Node", name: "w1", uid: "u1" }), true);
  const [, asked] = host.asked;
  assert.deepEqual(asked?.argv, ["delete", "--raw", "/api/v1/nodes/w1", "-f", "-"]);
  assert.deepEqual(JSON.parse(asked?.stdin ?? "").preconditions, { uid: "u1" });
  const pod = { apiVersion: "v1", kind: "Pod", name: "p", namespace: "a", uid: "u" };
  assert.equal(await new Kubectl(sequence(discovery, refused("NotFound"))).delete(pod), false);
  assert.equal(await new Kubectl(sequence(discovery, refused("Conflict"))).delete(pod), false);
  await assert.rejects(new Kubectl(sequence(discovery, refused("Forbidden"))).delete(pod), /no/);
});

test("of a kind that the API does not know there is nothing to delete", async () => {
  const host = sequence(refused("NotFound"));
  assert.equal(await new Kubectl(host).delete({ apiVersion: "x.io/v1", kind: "Gone", name: "a" }), false);
});

test("a kind that was missing is looked for again", async () => {
  const host = sequence(refused("NotFound"), refused("NotFound"), discovery);
  const kubectl = new Kubectl(host);
  assert.equal(await kubectl.resource("v1", "Pod"), undefined);
  assert.deepEqual(await kubectl.resource("v1", "Pod"), { plural: "pods", namespaced: true });
});
