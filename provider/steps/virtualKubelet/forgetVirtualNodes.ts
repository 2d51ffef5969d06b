// What the cluster knows of nodes that are no more: their Nodes, leases, pods and requests, and their place in our record.
import { setTimeout as sleep } from "node:timers/promises";
import type { Kubectl } from "../../host/kubectl";
import { UserError } from "../../lib/errors";
import { forgetNodes } from "../node/clusterRecord";
import { deleteNode } from "../node/deleteNode";
import { forgetPodsOf } from "../node/emptyDead";
import { forgetRequests } from "./clientRequests";

/** Nobody may be left who would register them again. */
export async function forgetVirtualNodes(kubectl: Kubectl, nodes: readonly string[], timeoutMs: number): Promise<void> {
  await deleteNodes(kubectl, nodes, timeoutMs);
  await kubectl.deleteAll("leases.v1.coordination.k8s.io", nodes, "kube-node-lease");
  await forgetPodsOf(kubectl, nodes);
  await forgetRequests(kubectl, nodes);
  await forgetNodes(kubectl, nodes);
}

/** Together, and then one look at what is left: with hundreds of nodes each command counts. */
async function deleteNodes(kubectl: Kubectl, nodes: readonly string[], timeoutMs: number): Promise<void> {
  const [first, ...others] = nodes;
  if (first === undefined) return;
  if (others.length === 0) return deleteNode(kubectl, first, timeoutMs);
  const over = Date.now() + timeoutMs;
  const leaving = new Set(nodes);
  await kubectl.deleteAll("nodes", nodes);
  for (;;) {
    const left = (await kubectl.list({ type: "nodes" })).filter(({ metadata }) => leaving.has(metadata.name));
    if (left.length === 0) return;
    const back = left.find(({ metadata }) => !metadata.deletionTimestamp);
    if (back)
      throw new UserError(
        `${kubectl.label}: node ${back.metadata.name} came back after it was deleted`,
        "stop the node agent that registers it.",
      );
    if (Date.now() > over)
      throw new UserError(
        `${kubectl.label}: ${left.length} nodes were not gone within ${Math.round(timeoutMs / 1000)} s: ${left[0]?.metadata.name} and others`,
        "look at their finalizers with `kubectl get node -o yaml`",
      );
    await sleep(500);
  }
}
