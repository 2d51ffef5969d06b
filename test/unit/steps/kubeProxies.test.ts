import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../../provider/host/kubeObject";
import { proxiesMissing, roomFor } from "../../../provider/steps/kubeadm/convergeKubeProxy";

const conditions = (ready: string) => ({ conditions: [{ type: "Ready", status: ready }] });

function node(name: string, ready = "True", labels = {}): KubeObject {
  return { apiVersion: "v1", kind: "Node", metadata: { name, labels }, status: conditions(ready) };
}

function proxy(nodeName: string, configuration: string, ready = "True", metadata: object = {}): KubeObject {
  const annotations = { "pulumi-kubeadm/configuration": configuration };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `kube-proxy-${nodeName}`, annotations, ...metadata },
    spec: { nodeName },
    status: { phase: "Running", ...conditions(ready) },
  };
}

test("kube-proxy is rolled when every node that is there runs it with the new configuration", () => {
  assert.deepEqual(proxiesMissing([node("w1")], [proxy("w1", "new")], "new"), []);
  assert.match(proxiesMissing([node("w1")], [proxy("w1", "old")], "new")[0] ?? "", /w1: its pod is not replaced/);
  assert.match(proxiesMissing([node("w1")], [proxy("w1", "new", "False")], "new")[0] ?? "", /^w1: Running/);
  const leaving = { deletionTimestamp: "2026-11-21T11:00:00Z" };
  assert.equal(proxiesMissing([node("w1")], [proxy("w1", "new", "True", leaving)], "new").length, 1);
});

test("nobody waits for a node that is down, nor for a virtual one", () => {
  const nodes = [node("w1"), node("off", "Unknown"), node("press", "True", { type: "virtual-kubelet" })];
  assert.deepEqual(proxiesMissing(nodes, [proxy("w1", "new"), proxy("off", "old", "False")], "new"), []);
});

test("a node that is down takes no room from those that are rolled", () => {
  assert.equal(roomFor([node("w1"), node("w2")]), 1);
  assert.equal(roomFor([node("w1"), node("off", "Unknown"), node("sick", "False")]), 3);
  assert.equal(roomFor([node("w1"), node("press", "False", { type: "virtual-kubelet" })]), 1);
});
