import type { Kubectl } from "../../host/kubectl";
import { hasReason } from "../../host/kubeErrors";
import type { KubeObject } from "../../host/kubeObject";
import { UserError } from "../../lib/errors";

const attempts = 10;

/** A change that depends on how the node is, with its version in it; undefined where nothing is to be changed. */
export async function patchNode(
  kubectl: Kubectl,
  name: string,
  patchOf: (node: KubeObject) => object | undefined,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const found = await kubectl.get({ type: "nodes", name });
    if (!found)
      throw new UserError(`${kubectl.label}: the cluster has no node ${name}`, "run `pulumi up` again to join it.");
    const patch = patchOf(found);
    if (!patch) return;
    try {
      await kubectl.patch({ type: "nodes", name }, patch);
      return;
    } catch (error) {
      // Somebody else changed the node in between: look again.
      if (!hasReason(error, "Conflict") || attempt === attempts) throw error;
    }
  }
}
