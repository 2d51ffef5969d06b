import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../../provider/host/kubeObject";
import { cniMissing, nodeMissing, podTrouble } from "../../../provider/steps/node/nodeState";

const expected = { cni: "flannel", kubernetesVersion: "1.34.4" } as const;

function node(ready?: { status: string; message?: string; reason?: string }, kubeletVersion = "v1.34.4"): KubeObject {
  const conditions = ready
    ? [
        { type: "MemoryPressure", status: "False" },
        { type: "Ready", ...ready },
      ]
    : [];
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: "w1" },
    status: { conditions, nodeInfo: { kubeletVersion } },
  };
}

function pod(status: object, metadata: object = {}): KubeObject {
  return { apiVersion: "v1", kind: "Pod", metadata: { name: "p", ...metadata }, status };
}

const noNetwork =
  "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized";

test("a node is ready with its version and its condition", () => {
  assert.equal(nodeMissing(node({ status: "True" }), expected), undefined);
  assert.match(nodeMissing(undefined, expected) ?? "", /not registered/);
  assert.match(nodeMissing(node({ status: "True" }, "v1.33.1"), expected) ?? "", /v1\.33\.1, v1\.34\.4 is wanted/);
  assert.match(nodeMissing(node(), expected) ?? "", /not reported/);
  assert.match(
    nodeMissing(node({ status: "Unknown", message: "Kubelet stopped posting" }), expected) ?? "",
    /stopped posting/,
  );
});

test("without a CNI of ours a node may lack its network and nothing else", () => {
  const none = { ...expected, cni: "none" } as const;
  assert.equal(nodeMissing(node({ status: "False", reason: "KubeletNotReady", message: noNetwork }), none), undefined);
  assert.match(nodeMissing(node({ status: "False", message: noNetwork }), expected) ?? "", /cni plugin/);
  const more = `[${noNetwork}, CSINode is not yet initialized]`;
  assert.notEqual(nodeMissing(node({ status: "False", message: more }), none), undefined);
  assert.notEqual(
    nodeMissing(node({ status: "Unknown", message: "Kubelet stopped posting node status." }), none),
    undefined,
  );
});

test("the CNI runs when one of its pods that stays is ready", () => {
  const ready = pod({ conditions: [{ type: "Ready", status: "True" }] });
  assert.equal(cniMissing([ready]), undefined);
  assert.match(cniMissing([]) ?? "", /no pod/);
  const leaving = pod(
    { conditions: [{ type: "Ready", status: "True" }] },
    { deletionTimestamp: "2026-11-21T07:00:00Z" },
  );
  assert.match(cniMissing([leaving]) ?? "", /no pod/);
  assert.match(cniMissing([pod({ phase: "Pending" })]) ?? "", /not ready: Pending/);
});

test("the trouble of a pod comes from the container that holds it up", () => {
  const waiting = {
    name: "web",
    state: { waiting: { reason: "ImagePullBackOff", message: "Back-off pulling image" } },
  };
  assert.equal(
    podTrouble(pod({ containerStatuses: [waiting] })),
    "container web: ImagePullBackOff: Back-off pulling image",
  );
  const crashing = {
    name: "web",
    state: { waiting: { reason: "CrashLoopBackOff" } },
    lastState: { terminated: { exitCode: 137 } },
  };
  assert.equal(
    podTrouble(pod({ containerStatuses: [crashing] })),
    "container web: CrashLoopBackOff, ended before with exit code 137",
  );
  const failed = { name: "init", state: { terminated: { reason: "Error", exitCode: 2 } } };
  assert.equal(podTrouble(pod({ initContainerStatuses: [failed] })), "container init: Error (exit code 2)");
  const nowhere = { conditions: [{ type: "PodScheduled", status: "False", message: "0/2 nodes are available" }] };
  assert.equal(podTrouble(pod(nowhere)), "not scheduled: 0/2 nodes are available");
  const slow = { phase: "Running", containerStatuses: [{ name: "web", ready: false, state: { running: {} } }] };
  assert.equal(podTrouble(pod(slow)), "Running, waiting for container web");
});
