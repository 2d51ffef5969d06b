// Pods leave virtual nodes: those of somebody by eviction, and then whatever is left there, each with its grace.
import { setTimeout as sleep } from "node:timers/promises";
import type { Kubectl } from "../../host/kubectl";
import type { KubeObject } from "../../host/kubeObject";
import { deadline } from "../../kubeadm/spec";
import { messageOf, UserError } from "../../lib/errors";
import { Gate } from "../../lib/limit";
import type { Progress } from "../../lib/progress";
import { drain } from "../node/drain";
import { nodeOf, podName } from "../node/drainPods";
import type { VirtualPlan } from "./context";
import { nodesNamed } from "./nodesNamed";

const atOnce = 8;

export interface Emptying {
  plan: Pick<VirtualPlan, "drain" | "timeouts">;
  nodes: readonly string[];
  progress: Progress;
}

/** Returns the names of those that took pods until now. */
export async function emptyNodes(kubectl: Kubectl, { plan, nodes, progress }: Emptying): Promise<string[]> {
  const timeoutMs = deadline(plan.timeouts, "drain");
  const gate = new Gate(atOnce);
  const one = async (node: string): Promise<void> => {
    await drain(kubectl, { node, timeoutMs, progress, ...plan.drain });
    await endRest(kubectl, node, timeoutMs);
  };
  const closed = await cordonAll(kubectl, nodes);
  try {
    const held = await holding(kubectl, nodes);
    await Promise.all(held.map((node) => gate.run(() => one(node))));
  } catch (error) {
    await reopen(kubectl, closed, error, progress);
    throw error;
  }
  return closed;
}

async function cordonAll(kubectl: Kubectl, nodes: readonly string[]): Promise<string[]> {
  const open = (await nodesNamed(kubectl, nodes)).filter(
    ({ spec }) => (spec as { unschedulable?: boolean } | undefined)?.unschedulable !== true,
  );
  const names = open.map(({ metadata }) => metadata.name);
  await kubectl.patchAll("nodes", names, { spec: { unschedulable: true } });
  return names;
}

/** They stay after all. */
export async function reopen(
  kubectl: Kubectl,
  nodes: readonly string[],
  first: unknown,
  progress: Progress,
): Promise<void> {
  try {
    await kubectl.patchAll("nodes", nodes, { spec: { unschedulable: null } });
  } catch (error) {
    // The first failure is the one to see; this one is only told.
    if (error !== first) progress.warn(`${nodes.join(", ")} stay cordoned: ${messageOf(error)}`);
  }
}

/** Of many simulated nodes most are empty: nothing is asked of those. */
async function holding(kubectl: Kubectl, nodes: readonly string[]): Promise<string[]> {
  if (nodes.length <= atOnce) return [...nodes];
  const busy = new Set((await kubectl.list({ type: "pods", allNamespaces: true })).map(nodeOf));
  return nodes.filter((node) => busy.has(node));
}

/** A kubelet's node takes what its DaemonSets run along with it; here somebody else's place has to be told. */
async function endRest(kubectl: Kubectl, node: string, timeoutMs: number): Promise<void> {
  const rest = await podsOn(kubectl, node);
  for (const { metadata } of rest) {
    const { name, namespace = "default", uid } = metadata;
    await kubectl.delete({ apiVersion: "v1", kind: "Pod", name, namespace, ...(uid ? { uid } : {}) });
  }
  const ending = new Set(rest.map(({ metadata }) => metadata.uid));
  const over = Date.now() + timeoutMs;
  for (;;) {
    const left = (await podsOn(kubectl, node)).filter(({ metadata }) => ending.has(metadata.uid));
    if (left.length === 0) return;
    if (Date.now() > over)
      throw new UserError(
        `${node}: ${left.map(podName).join(", ")} did not end within ${Math.round(timeoutMs / 1000)} s`,
        "look at these pods with `kubectl describe`; `timeouts.drain` gives them more time",
      );
    await sleep(500);
  }
}

function podsOn(kubectl: Kubectl, node: string): Promise<KubeObject[]> {
  return kubectl.list({ type: "pods", allNamespaces: true, fields: `spec.nodeName=${node}` });
}
