// Gives a node its labels, taints and annotations.

import type { Kubectl } from "../../host/kubectl";
import { hasReason } from "../../host/kubeErrors";
import { UserError } from "../../lib/errors";
import { metaPatch, type NodeMeta } from "./meta";

const attempts = 10;

/** `before`: what an earlier run gave it, for a node that does not carry our own note of it yet. */
export async function nodeMeta(kubectl: Kubectl, node: string, wanted: NodeMeta, before?: NodeMeta): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const found = await kubectl.get({ type: "nodes", name: node });
    if (!found)
      throw new UserError(`${kubectl.label}: the cluster has no node ${node}`, "run `pulumi up` again to join it.");
    const patch = metaPatch(found, wanted, before);
    if (!patch) return;
    try {
      await kubectl.patch({ type: "nodes", name: node }, patch);
      return;
    } catch (error) {
      // Somebody else changed the node in between: look again.
      if (!hasReason(error, "Conflict") || attempt === attempts) throw error;
    }
  }
}
