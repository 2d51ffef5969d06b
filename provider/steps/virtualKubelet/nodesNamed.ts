import type { Kubectl } from "../../host/kubectl";
import type { KubeObject } from "../../host/kubeObject";

/** Found by name alone: a label that somebody took away must not make a node unknown. */
export async function nodesNamed(kubectl: Kubectl, names: readonly string[]): Promise<KubeObject[]> {
  const wanted = new Set(names);
  return (await kubectl.list({ type: "nodes" })).filter(({ metadata }) => wanted.has(metadata.name));
}
