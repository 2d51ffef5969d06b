import assert from "node:assert/strict";
import { test } from "node:test";
import { Kubectl } from "../../../provider/host/kubectl";
import { isRemoved } from "../../../provider/kubeadm/removed";
import { admitMachine, denyName, pardonNames, policy, removedNodes } from "../../../provider/steps/node/removedNames";
import { type Answer, type Asked, fakeHost, refused } from "../kubectl/fakeHost";

/** A cluster that keeps the list, and denies a Node as often as it is told to. */
function cluster(names: Record<string, string>, denials: boolean[] = [true]) {
  const patches: unknown[] = [];
  const answer = ({ argv, stdin = "" }: Asked): Answer => {
    if (argv[0] === "get")
      return { apiVersion: "v1", kind: "ConfigMap", metadata: { name: removedNodes }, data: names };
    if (argv[0] === "patch") {
      patches.push(JSON.parse(stdin).data);
      return { apiVersion: "v1", kind: "ConfigMap", metadata: { name: removedNodes } };
    }
    if (argv[0] === "create")
      return (denials.shift() ?? true) ? refused("Forbidden", `'${removedNodes}' denied it`) : "{}";
    return { apiVersion: "v1", kind: "List", items: [] };
  };
  const host = fakeHost(answer);
  return { kubectl: new Kubectl(host), host, patches };
}

test("a name counts as removed until a machine is let in under it, and for every other machine then", () => {
  assert.ok(!isRemoved({}, "c3", "m1"));
  assert.ok(isRemoved({ c3: "" }, "c3", "m1"));
  assert.ok(isRemoved({ c3: "" }, "c3", ""));
  assert.ok(!isRemoved({ c3: "m1" }, "c3", "m1"));
  assert.ok(isRemoved({ c3: "m1" }, "c3", "m2"));
});

test("a name is denied when the API has said so, not when it was told to", async () => {
  const { kubectl, host, patches } = cluster({}, [false, true]);
  await denyName(kubectl, "c3");
  assert.deepEqual(patches, [{ c3: "" }]);
  const tries = host.asked.filter(({ argv }) => argv[0] === "create");
  assert.equal(tries.length, 2);
  assert.ok(tries.every(({ argv }) => argv.includes("--dry-run=server")));
});

test("another refusal than the policy's is no proof", async () => {
  const host = fakeHost(({ argv }) =>
    argv[0] === "create" ? refused("Forbidden", "a quota") : { kind: "List", items: [] },
  );
  await assert.rejects(denyName(new Kubectl(host), "c3"), /quota/);
});

test("only a name that is in the list is let in or forgotten, each alone", async () => {
  const free = cluster({ other: "" });
  await admitMachine(free.kubectl, "c3", "m1");
  await pardonNames(free.kubectl, ["c3"]);
  assert.deepEqual(free.patches, []);
  const listed = cluster({ c3: "" });
  await admitMachine(listed.kubectl, "c3", "m1");
  await pardonNames(listed.kubectl, ["c3", "other"]);
  assert.deepEqual(listed.patches, [{ c3: "m1" }, { c3: null }]);
  const admitted = cluster({ c3: "m1" });
  await admitMachine(admitted.kubectl, "c3", "m1");
  assert.deepEqual(admitted.patches, []);
});

test("the policy fails closed, and watches new Nodes and what is reported of those that are there", () => {
  const { failurePolicy, matchConstraints } = policy.spec as {
    failurePolicy: string;
    matchConstraints: { resourceRules: { operations: string[]; resources: string[] }[] };
  };
  assert.equal(failurePolicy, "Fail");
  const watched = matchConstraints.resourceRules.map(({ operations, resources }) => `${operations} ${resources}`);
  assert.deepEqual(watched, ["CREATE nodes", "UPDATE nodes/status"]);
});
