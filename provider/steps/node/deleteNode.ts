// Takes the Node object out of the cluster and waits until it is gone.
import { setTimeout as sleep } from "node:timers/promises";
import type { Kubectl } from "../../host/kubectl";
import { UserError } from "../../lib/errors";

/** Nothing to do when there is no such node. */
export async function deleteNode(kubectl: Kubectl, node: string, timeoutMs: number): Promise<void> {
  const over = Date.now() + timeoutMs;
  const there = await kubectl.delete({ apiVersion: "v1", kind: "Node", name: node });
  for (let pause = 200; there; pause = Math.min(pause * 2, 2000)) {
    const found = await kubectl.get({ type: "nodes", name: node });
    if (!found?.metadata.deletionTimestamp) {
      if (!found) return;
      // A kubelet that still runs registers itself again.
      throw new UserError(
        `${kubectl.label}: node ${node} came back after it was deleted`,
        `stop the kubelet on ${node}.`,
      );
    }
    if (Date.now() > over) {
      const finalizers = found.metadata.finalizers;
      const held = Array.isArray(finalizers) && finalizers.length > 0 ? `; finalizers: ${finalizers.join(", ")}` : "";
      throw new UserError(
        `${kubectl.label}: node ${node} was not gone within ${Math.round(timeoutMs / 1000)} s${held}`,
      );
    }
    await sleep(pause);
  }
}
