// Pods leave virtual nodes: those of somebody by eviction, and then whatever is left there, each with its grace.
import { setTimeout as sleep } from "node:timers/promises";
import type { Kubectl } from "../../host/kubectl";
import type { KubeObject } from "../../host/kubeObject";
import { deadline } from "../../kubeadm/spec";
import { UserError } from "../../lib/errors";
import { Gate } from "../../lib/limit";
import type { Progress } from "../../lib/progress";
import { drain } from "../node/drain";
import { podName } from "../node/drainPods";
import type { VirtualPlan } from "./context";

const atOnce = 8;

export interface Emptying {
  plan: Pick<VirtualPlan, "drain" | "timeouts">;
  nodes: readonly string[];
  progress: Progress;
}

export async function emptyNodes(kubectl: Kubectl, { plan, nodes, progress }: Emptying): Promise<void> {
  const timeoutMs = deadline(plan.timeouts, "drain");
  const gate = new Gate(atOnce);
  const one = async (node: string): Promise<void> => {
    await drain(kubectl, { node, timeoutMs, progress, ...plan.drain });
    await endRest(kubectl, node, timeoutMs);
  };
  await Promise.all(nodes.map((node) => gate.run(() => one(node))));
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
