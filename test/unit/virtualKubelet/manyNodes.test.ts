// Hundreds of nodes cost a few commands, not some for each.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Kubectl } from "../../../provider/host/kubectl";
import { silent } from "../../../provider/lib/progress";
import { emptyNodes } from "../../../provider/steps/virtualKubelet/emptyNodes";
import { forgetVirtualNodes } from "../../../provider/steps/virtualKubelet/forgetVirtualNodes";
import { giveVirtualMeta } from "../../../provider/steps/virtualKubelet/giveVirtualMeta";
import { type Answer, type Asked, fakeHost, refused } from "../kubectl/fakeHost";
import { contextOf, listOf, plan, virtualNode } from "./support";

const names = Array.from({ length: 250 }, (_, index) => `crowd-${index}`);
const taints = [{ key: "virtual-kubelet.io/provider", value: "ssh", effect: "NoSchedule" }];
const registered = (name: string) => ({ ...virtualNode(name), spec: { taints } });
const verbs = (asked: readonly Asked[]) => asked.map(({ argv }) => argv.slice(0, 2).join(" "));

test("labels that all of them need alike are given by the hundred", async () => {
  const context = contextOf({ nodes: names, answer: () => listOf(names.map(registered)) });
  await giveVirtualMeta.run(context);
  const patches = context.api.asked.filter(({ argv }) => argv[0] === "patch");
  assert.equal(patches.length, 3);
  const patched = patches.flatMap(({ argv }) => argv.filter((word) => word.startsWith("crowd-")));
  assert.deepEqual(patched, names);
  assert.equal(JSON.parse(patches[0]?.stdin ?? "").metadata.labels["kubernetes.io/role"], "agent");
});

test("a node whose taints somebody changed is patched alone, for the version that was seen", async () => {
  const [changed = "", ...others] = names;
  const stained = { ...virtualNode(changed), spec: { taints: [] } };
  stained.metadata.resourceVersion = "7";
  const answer = ({ argv }: Asked): Answer =>
    argv[2] === changed ? stained : listOf([stained, ...others.map(registered)]);
  const context = contextOf({ nodes: names, answer });
  await giveVirtualMeta.run(context);
  const alone = context.api.asked.find(({ argv }) => argv[0] === "patch" && argv[2] === changed);
  assert.equal(JSON.parse(alone?.stdin ?? "").metadata.resourceVersion, "7");
  const together = context.api.asked.filter(({ argv }) => argv[0] === "patch" && argv.length > 90);
  assert.ok(together.every(({ argv }) => !argv.includes(changed)));
});

const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "p", namespace: "n" }, spec: { nodeName: "crowd-3" } };

/** All nodes and pods of a cluster; a drain finds what `left` says. */
function cluster(left: () => Answer) {
  return fakeHost(({ argv }) => {
    if (argv[0] !== "get") return "{}";
    if (argv.includes("--field-selector")) return left();
    if (argv[1] === "pods") return listOf([pod]);
    return argv[2] === "crowd-3"
      ? { ...registered("crowd-3"), spec: { unschedulable: true } }
      : listOf(names.map(registered));
  });
}

test("of many nodes only those with pods are drained, and all are cordoned first", async () => {
  const host = cluster(() => listOf([]));
  await emptyNodes(new Kubectl(host), { plan, nodes: names, progress: silent });
  assert.deepEqual(verbs(host.asked).slice(0, 5), ["get nodes", ...Array(3).fill("patch nodes"), "get pods"]);
  const asked = host.asked.filter(({ argv }) => argv.includes("--field-selector")).map(({ argv }) => argv.at(-1));
  assert.deepEqual([...new Set(asked)], ["spec.nodeName=crowd-3"]);
});

test("nodes that could not be emptied take pods again", async () => {
  const host = cluster(() => refused("Forbidden"));
  await assert.rejects(emptyNodes(new Kubectl(host), { plan, nodes: names, progress: silent }));
  const patches = host.asked.filter(({ argv }) => argv[0] === "patch").map(({ stdin }) => stdin);
  assert.deepEqual(patches.slice(-3), Array(3).fill('{"spec":{"unschedulable":null}}'));
});

test("what the cluster knows of them is forgotten by the hundred", async () => {
  let there = names.map(registered);
  const host = fakeHost(({ argv }) => {
    if (argv[0] === "delete" && argv[1] === "nodes")
      there = there.filter(({ metadata }) => !argv.includes(metadata.name));
    return argv[0] === "get" ? listOf(argv[1] === "nodes" ? there : []) : "{}";
  });
  await forgetVirtualNodes(new Kubectl(host), names, 5000);
  assert.ok(host.asked.length < 15, `${host.asked.length} commands`);
});

test("a node that comes back after its deletion is told", async () => {
  const host = fakeHost(({ argv }) => (argv[0] === "get" ? listOf(names.map(registered)) : "{}"));
  await assert.rejects(forgetVirtualNodes(new Kubectl(host), names, 5000), /came back/);
});
