// What the cluster knows of nodes that are no more: their Nodes, leases, pods and requests, and their place in our record.
import type { Kubectl } from "../../host/kubectl";
import { forgetNodes } from "../node/clusterRecord";
import { deleteNode } from "../node/deleteNode";
import { forgetPods } from "../node/emptyDead";
import { forgetRequests } from "./clientRequests";

/** Nobody may be left who would register them again. */
export async function forgetVirtualNodes(kubectl: Kubectl, nodes: readonly string[], timeoutMs: number): Promise<void> {
  for (const node of nodes) {
    await deleteNode(kubectl, node, timeoutMs);
    const lease = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", name: node, namespace: "kube-node-lease" };
    await kubectl.delete(lease);
    await forgetPods(kubectl, node);
  }
  await forgetRequests(kubectl, nodes);
  await forgetNodes(kubectl, nodes);
}
