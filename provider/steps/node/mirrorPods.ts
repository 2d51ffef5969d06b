// What the API shows of static pods: it goes with the Node, and until then a control plane that left is counted as one.
import { setTimeout as sleep } from "node:timers/promises";
import type { Kubectl } from "../../host/kubectl";
import { UserError } from "../../lib/errors";

const mirror = "kubernetes.io/config.mirror";

/** For a node whose kubelet is stopped: nobody writes them again. Without waiting for the garbage collector's turn. */
export async function forgetMirrorPods(kubectl: Kubectl, node: string, timeoutMs: number): Promise<void> {
  const over = Date.now() + timeoutMs;
  for (;;) {
    const pods = await kubectl.list({ type: "pods", allNamespaces: true, fields: `spec.nodeName=${node}` });
    const mirrors = pods.filter(({ metadata }) => metadata.annotations?.[mirror] !== undefined);
    if (mirrors.length === 0) return;
    if (Date.now() > over)
      throw new UserError(
        `${kubectl.label}: the API still lists the static pods of ${node}: ${mirrors.map(({ metadata }) => metadata.name).join(", ")}`,
        `look whether the kubelet on ${node} still runs, then run again`,
      );
    for (const { metadata } of mirrors) {
      const { name, namespace = "kube-system", uid } = metadata;
      await kubectl.delete({ apiVersion: "v1", kind: "Pod", name, namespace, ...(uid ? { uid } : {}) }, 0);
    }
    await sleep(300);
  }
}
