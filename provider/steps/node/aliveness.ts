// Whether a node whose host we cannot reach still reports to the cluster: then it is not gone, only out of our reach.
import { setTimeout as sleep } from "node:timers/promises";
import type { Kubectl } from "../../host/kubectl";
import type { Progress } from "../../lib/progress";
import { condition } from "./nodeState";

/** Longer than a kubelet's lease lasts, and than the controllers take to call a node not Ready. */
const patienceMs = 60_000;

/**
 * A machine that has just lost its power still looks Ready for most of a minute, so its Ready alone says nothing:
 * a living kubelet renews its lease every ten seconds.
 */
export async function stillReports(kubectl: Kubectl, name: string, progress: Progress): Promise<boolean> {
  const first = await leaseOf(kubectl, name);
  const over = Date.now() + patienceMs;
  while (await isReady(kubectl, name)) {
    if ((await leaseOf(kubectl, name)) !== first) return true;
    if (Date.now() > over) return false;
    progress.say(`${name}: its host does not answer; looking whether its kubelet still reports`);
    await sleep(1000);
  }
  return false;
}

async function isReady(kubectl: Kubectl, name: string): Promise<boolean> {
  const node = await kubectl.get({ type: "nodes", name });
  return node !== undefined && condition(node, "Ready")?.status === "True";
}

async function leaseOf(kubectl: Kubectl, name: string): Promise<string | undefined> {
  const lease = await kubectl.get({ type: "leases.coordination.k8s.io", name, namespace: "kube-node-lease" });
  return (lease?.spec as { renewTime?: string } | undefined)?.renewTime;
}
