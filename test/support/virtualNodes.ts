// What tests of virtual nodes have in common: pods that ask for such a node, and waiting for what becomes of them.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { Args } from "./program";
import { isReady, type Loose, type Workstation } from "./workstation";

const patienceMs = 120_000;

/** Until the condition gives something; its last failure says why it never did. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined | false>,
  withinMs = patienceMs,
): Promise<T> {
  const over = Date.now() + withinMs;
  let last: unknown;
  for (;;) {
    try {
      const found = await look();
      if (found) return found;
    } catch (error) {
      last = error;
    }
    if (Date.now() > over)
      throw new Error(`never seen: ${what}${last === undefined ? "" : `: ${last}`}`, { cause: last });
    await sleep(500);
  }
}

/** A container that is a shell's script: a device has a shell and no images. */
export function script(name: string, text: string, more: Args = {}): Args {
  return { name, image: "has/no:meaning", command: ["sh", "-c", text], ...more };
}

/** A pod's specification that this virtual node takes and no other. */
export function podOn(node: string, containers: Args[], more: Args = {}): Args {
  return {
    nodeSelector: { "kubernetes.io/hostname": node },
    tolerations: [{ key: "virtual-kubelet.io/provider", operator: "Exists" }],
    terminationGracePeriodSeconds: 2,
    containers,
    ...more,
  };
}

/** A Deployment of such pods, with the label `app`. */
export function deploymentOf(namespace: string, name: string, replicas: number, spec: Args): Args {
  const labels = { app: name };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace },
    spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  };
}

export async function nodeReady(kubectl: Workstation, name: string): Promise<Loose> {
  return eventually(`${name} Ready`, async () => {
    const node = (await kubectl.nodes())[name];
    return node !== undefined && isReady(node) && node;
  });
}

/** The Ready condition of a node whose agent says that its device does not answer. */
export async function nodeUnreachable(kubectl: Workstation, name: string): Promise<Loose> {
  return eventually(`${name} called unreachable`, async () => {
    const node = (await kubectl.nodes())[name];
    const condition = node.status.conditions.find((one: Loose) => one.type === "Ready");
    return condition.status === "False" && condition.reason === "DeviceUnreachable" && condition;
  });
}

/** The same pod, and the same process in it. */
export function assertSame(was: Loose, is: Loose): void {
  assert.equal(is.metadata.uid, was.metadata.uid);
  const [before, now] = [was, is].map((pod) => pod.status.containerStatuses[0]);
  assert.equal(now.restartCount, before.restartCount);
  assert.deepEqual(now.state.running, before.state.running);
}
