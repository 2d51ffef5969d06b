// A node is ready when it says so, runs the wanted version, and its CNI runs on it.
import { setTimeout as sleep } from "node:timers/promises";
import type { Kubectl } from "../../host/kubectl";
import type { KubeObject } from "../../host/kubeObject";
import { UserError } from "../../lib/errors";
import type { Progress } from "../../lib/progress";
import { cniMissing, type ExpectedCni, nodeMissing } from "./nodeState";

export interface ExpectedNode {
  node: string;
  kubernetesVersion: string;
  cni: ExpectedCni;
  timeoutMs: number;
  progress: Progress;
}

/** Where upstream's manifest of flannel puts its pods. */
export const flannelPods = { namespace: "kube-flannel", labels: "app=flannel" };

const shortest = 400;

/** Gives the Node as it was when it was ready. */
export async function waitNodeReady(kubectl: Kubectl, expected: ExpectedNode): Promise<KubeObject> {
  const { node: name, progress, timeoutMs } = expected;
  const over = Date.now() + timeoutMs;
  let before: string | undefined;
  for (let pause = shortest; ; ) {
    const node = await kubectl.get({ type: "nodes", name });
    const missing = nodeMissing(node, expected) ?? (expected.cni === "none" ? undefined : await cni(kubectl, name));
    if (node && !missing) return node;
    if (Date.now() > over) {
      throw new UserError(
        `${name} was not ready within ${Math.round(timeoutMs / 1000)} s: ${missing}`,
        `look at \`journalctl -u kubelet\` on ${name}; \`timeouts.ready\` gives it more time.`,
      );
    }
    progress.say(`waiting for ${name}: ${missing}`);
    // What has just moved on is likely to do so again soon.
    pause = missing === before ? Math.min(pause * 1.3, 1000) : shortest;
    before = missing;
    await sleep(pause);
  }
}

async function cni(kubectl: Kubectl, node: string): Promise<string | undefined> {
  return cniMissing(await kubectl.list({ type: "pods", ...flannelPods, fields: `spec.nodeName=${node}` }));
}
