import assert from "node:assert/strict";
import { test } from "node:test";
import { Kubectl } from "../../../provider/host/kubectl";
import type { KubeObject } from "../../../provider/host/kubeObject";
import { drain, onBlocked } from "../../../provider/steps/node/drain";
import { budgetsOf, evictable, selects } from "../../../provider/steps/node/drainPods";
import { type Answer, type Asked, fakeHost, refused } from "../kubectl/fakeHost";

function pod(name: string, metadata: object = {}, phase = "Running"): KubeObject {
  const ownerReferences = [{ kind: "ReplicaSet", name: "r", controller: true }];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "web", uid: name, ownerReferences, ...metadata },
    status: { phase },
  };
}

const names = (pods: KubeObject[]) => pods.map((one) => one.metadata.name);

test("pods that belong to the node stay, finished ones are done", () => {
  const daemon = pod("daemon", { ownerReferences: [{ kind: "DaemonSet", name: "d", controller: true }] });
  const fixed = pod("static", { annotations: { "kubernetes.io/config.mirror": "x" } });
  const lone = pod("lone", { ownerReferences: [] });
  const all = [
    pod("a"),
    daemon,
    fixed,
    lone,
    pod("b", {}, "Succeeded"),
    pod("c", {}, "Failed"),
    pod("d", {}, "Pending"),
  ];
  assert.deepEqual(names(evictable(all)), ["a", "lone", "d"]);
});

test("a selector means what it means to the API", () => {
  const labels = { app: "web", tier: "front" };
  assert.equal(selects(undefined, labels), false);
  assert.equal(selects({}, labels), true);
  assert.equal(selects({ matchLabels: { app: "web" } }, labels), true);
  assert.equal(selects({ matchLabels: { app: "db" } }, labels), false);
  const expression = (operator: string, key: string, values?: string[]) =>
    selects({ matchExpressions: [values ? { key, operator, values } : { key, operator }] }, labels);
  assert.equal(expression("In", "tier", ["front", "back"]), true);
  assert.equal(expression("In", "zone", ["a"]), false);
  assert.equal(expression("NotIn", "zone", ["a"]), true);
  assert.equal(expression("NotIn", "tier", ["front"]), false);
  assert.equal(expression("Exists", "app"), true);
  assert.equal(expression("DoesNotExist", "app"), false);
});

function budget(name: string, namespace: string, app: string): KubeObject {
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name, namespace },
    spec: { selector: { matchLabels: { app } } },
  };
}

test("a budget counts the pods of its own namespace", () => {
  const one = pod("a", { labels: { app: "web" } });
  assert.deepEqual(budgetsOf(one, [budget("x", "web", "web"), budget("y", "other", "web"), budget("z", "web", "db")]), [
    "x",
  ]);
});

test("the environment wins for one run, and rubbish in it is refused", () => {
  assert.equal(onBlocked(undefined, {}), "stop");
  assert.equal(onBlocked("skip", {}), "skip");
  assert.equal(onBlocked("skip", { KUBEADM_DRAIN_ON_BLOCKED: "force" }), "force");
  assert.throws(() => onBlocked("skip", { KUBEADM_DRAIN_ON_BLOCKED: "yes" }), /stop, force or skip/);
});

/** An API with one node and some pods; evictions are answered by `allowed`. */
function cluster(pods: KubeObject[], allowed: (name: string) => boolean, cordoned = false) {
  let left = pods;
  const done: string[] = [];
  const remove = (name: string) => {
    left = left.filter((one) => one.metadata.name !== name);
  };
  const answer = ({ argv, stdin }: Asked): Answer => {
    const line = argv.join(" ");
    if (line.startsWith("get nodes"))
      return { apiVersion: "v1", kind: "Node", metadata: { name: "w1" }, spec: { unschedulable: cordoned } };
    if (line.startsWith("get pods")) return { apiVersion: "v1", kind: "List", items: left };
    if (line.startsWith("get poddisruptionbudgets"))
      return { apiVersion: "v1", kind: "List", items: [budget("keep", "web", "web")] };
    if (line.startsWith("get --raw /api/v1")) return { resources: [{ name: "pods", kind: "Pod", namespaced: true }] };
    const name = /pods\/([^/ ]+)/.exec(line)?.[1] ?? "";
    if (line.startsWith("patch nodes")) done.push(JSON.parse(stdin ?? "").spec.unschedulable ? "cordon" : "uncordon");
    if (line.startsWith("create --raw") && !allowed(name)) return refused("TooManyRequests", "Cannot evict pod");
    if (line.startsWith("create --raw")) done.push(`evict ${name}`);
    if (line.startsWith("delete --raw")) done.push(`delete ${name}`);
    if (!line.startsWith("patch")) remove(name);
    return { kind: "Status", apiVersion: "v1" };
  };
  return { kubectl: new Kubectl(fakeHost(answer)), done, left: () => names(left) };
}

const said: string[] = [];
const progress = { say: () => {}, warn: (text: string) => said.push(text) };
const options = { node: "w1", timeoutMs: 1000, progress };
const web = { labels: { app: "web" } };

test("every pod leaves by eviction, after the node takes no more", async () => {
  const { kubectl, done } = cluster([pod("a"), pod("b")], () => true);
  await drain(kubectl, options);
  assert.deepEqual(done, ["cordon", "evict a", "evict b"]);
});

test("stop names the budget and lets the node take pods again", async () => {
  const { kubectl, done, left } = cluster([pod("a"), pod("b", web)], (name) => name === "a");
  await assert.rejects(
    drain(kubectl, options),
    /PodDisruptionBudget web\/keep blocks the eviction of web\/b[\s\S]*KUBEADM_DRAIN_ON_BLOCKED/,
  );
  assert.equal(done.at(-1), "uncordon");
  assert.deepEqual(left(), ["b"]);
});

test("a node that was cordoned before stays so", async () => {
  const { kubectl, done } = cluster([pod("b", web)], () => false, true);
  await assert.rejects(drain(kubectl, options), /not drained/);
  assert.deepEqual(done, []);
});

test("force deletes what is held back, skip leaves it and says so", async () => {
  const forced = cluster([pod("a"), pod("b", web)], (name) => name === "a");
  await drain(forced.kubectl, { ...options, onBlocked: "force" });
  assert.deepEqual(forced.left(), []);
  assert.ok(forced.done.includes("delete b"));
  const skipped = cluster([pod("a"), pod("b", web)], (name) => name === "a");
  await drain(skipped.kubectl, { ...options, onBlocked: "skip" });
  assert.deepEqual(skipped.left(), ["b"]);
  assert.match(said.at(-1) ?? "", /left on w1.*web\/keep/);
});

test("pods that do not end in time are named", async () => {
  const ending = pod("a", { deletionTimestamp: "2026-11-21T07:00:00Z" });
  await assert.rejects(
    drain(cluster([ending], () => false).kubectl, { ...options, timeoutMs: 0 }),
    /still ending|blocks/,
  );
});
