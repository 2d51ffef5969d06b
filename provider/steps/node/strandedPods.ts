// Pods that are to end on a machine which does not report any more: nobody there confirms it, and their namespace waits for ever.
import type { Kubectl } from "../../host/kubectl";
import type { KubeObject } from "../../host/kubeObject";
import type { Progress } from "../../lib/progress";
import { podName } from "./drainPods";
import { condition } from "./nodeState";

/** Only pods that somebody has deleted already, of Nodes whose state is unknown to the cluster. */
export async function endStranded(kubectl: Kubectl, namespace: string, progress: Progress): Promise<void> {
  const ending = (await kubectl.list({ type: "pods", namespace })).filter((pod) => pod.metadata.deletionTimestamp);
  if (ending.length === 0) return;
  const silent = silentNodes(await kubectl.list({ type: "nodes" }));
  const stranded = ending.filter((pod) => silent.has(nodeOf(pod)));
  if (stranded.length === 0) return;
  const nodes = [...new Set(stranded.map(nodeOf))].join(", ");
  progress.warn(`${stranded.map(podName).join(", ")}: ended on the record alone, because ${nodes} does not report`);
  for (const { metadata } of stranded) {
    const { name, uid } = metadata;
    await kubectl.delete({ apiVersion: "v1", kind: "Pod", name, namespace, ...(uid ? { uid } : {}) }, 0);
  }
}

/** "Unknown" is the cluster's word for a kubelet that stopped reporting; "False" is said by a kubelet that lives. */
export function silentNodes(nodes: readonly KubeObject[]): Set<string> {
  const silent = nodes.filter((node) => condition(node, "Ready")?.status === "Unknown");
  return new Set(silent.map(({ metadata }) => metadata.name));
}

function nodeOf({ spec }: KubeObject): string {
  return (spec as { nodeName?: string } | undefined)?.nodeName ?? "";
}
