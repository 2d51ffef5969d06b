// A machine that is gone: nobody there ends its pods, so they are given up, start elsewhere, and their volumes are let go.
import { setTimeout as sleep } from "node:timers/promises";
import type { Kubectl } from "../../host/kubectl";
import type { KubeObject } from "../../host/kubeObject";
import type { Progress } from "../../lib/progress";
import { cordon } from "./drain";
import { evictable, nodeOf, podName } from "./drainPods";
import { evict } from "./evict";

/** Kubernetes' own word for a machine that is off: its volumes may be attached elsewhere without waiting for it. */
export const outOfService = {
  key: "node.kubernetes.io/out-of-service",
  value: "nodeshutdown",
  effect: "NoExecute",
} as const;

/** Budgets protect pods that serve, and these serve nobody: what one still holds back after this is deleted. */
const evictionMs = 10_000;
/** How long a driver may take to detach what the machine had attached. */
const detachMs = 60_000;
const atOnce = 8;

export async function emptyDead(kubectl: Kubectl, node: string, progress: Progress): Promise<void> {
  if (!(await kubectl.get({ type: "nodes", name: node }))) return;
  await cordon(kubectl, node, true);
  await kubectl.patch({ type: "nodes", name: node }, { spec: { taints: [outOfService] } }, "strategic");
  await evictAll(kubectl, node, progress);
  await giveUp(kubectl, evictable(await podsOn(kubectl, node)));
  await awaitDetached(kubectl, node, progress);
}

/** Once its Node is gone: static pods and those of DaemonSets, which would be listed for minutes. */
export async function forgetPods(kubectl: Kubectl, node: string): Promise<void> {
  await giveUp(kubectl, await podsOn(kubectl, node));
}

/** The same for many nodes, with one look at all pods. */
export async function forgetPodsOf(kubectl: Kubectl, nodes: readonly string[]): Promise<void> {
  const [first, ...others] = nodes;
  if (first === undefined) return;
  if (others.length === 0) return forgetPods(kubectl, first);
  const left = await kubectl.list({ type: "pods", allNamespaces: true });
  await giveUp(
    kubectl,
    left.filter((pod) => nodes.includes(nodeOf(pod) ?? "")),
  );
}

function podsOn(kubectl: Kubectl, node: string): Promise<KubeObject[]> {
  return kubectl.list({ type: "pods", allNamespaces: true, fields: `spec.nodeName=${node}` });
}

async function evictAll(kubectl: Kubectl, node: string, progress: Progress): Promise<void> {
  const over = Date.now() + evictionMs;
  const held = new Map<string, string>();
  for (;;) {
    const waiting = evictable(await podsOn(kubectl, node)).filter((pod) => !pod.metadata.deletionTimestamp);
    if (waiting.length === 0) return;
    if (Date.now() > over) {
      const pods = waiting.map((pod) => `${podName(pod)} (${held.get(podName(pod)) ?? "not evicted in time"})`);
      return progress.warn(`${node} is gone, so what is held back there is deleted: ${pods.join(", ")}`);
    }
    progress.say(`${node}: evicting ${waiting.length} pods of a machine that is gone`);
    await inBatches(waiting, async (pod) => {
      const by = await evict(kubectl, pod, 0);
      if (by) held.set(podName(pod), by);
    });
    await sleep(500);
  }
}

/** Without grace: who would confirm their end is gone. */
async function giveUp(kubectl: Kubectl, pods: readonly KubeObject[]): Promise<void> {
  await inBatches(pods, async ({ metadata: { name, namespace = "default", uid } }) => {
    await kubectl.delete({ apiVersion: "v1", kind: "Pod", name, namespace, ...(uid ? { uid } : {}) }, 0);
  });
}

async function awaitDetached(kubectl: Kubectl, node: string, progress: Progress): Promise<void> {
  const over = Date.now() + detachMs;
  for (;;) {
    const all = await kubectl.list({ type: "volumeattachments.storage.k8s.io" });
    const attached = all.filter(({ spec }) => (spec as { nodeName?: string } | undefined)?.nodeName === node);
    if (attached.length === 0) return;
    if (Date.now() > over)
      return progress.warn(
        `${node}: ${attached.length} volumes are still attached to it: its storage driver has to let go`,
      );
    progress.say(`${node}: waiting until ${attached.length} volumes are detached`);
    await sleep(1000);
  }
}

async function inBatches(pods: readonly KubeObject[], work: (pod: KubeObject) => Promise<void>): Promise<void> {
  for (let first = 0; first < pods.length; first += atOnce)
    await Promise.all(pods.slice(first, first + atOnce).map(work));
}
