// What tests of virtual nodes have in common: pods that ask for such a node, and waiting for what becomes of them.
import assert from "node:assert/strict";
import { eventually } from "./patience";
import type { Args } from "./program";
import type { TestLab } from "./testLab";
import { isReady, type Loose, type Workstation } from "./workstation";

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

export async function nodeReady(kubectl: Workstation, name: string, withinMs?: number): Promise<Loose> {
  const look = async () => {
    const node = (await kubectl.nodes())[name];
    return node !== undefined && isReady(node) && node;
  };
  return eventually(`${name} Ready`, look, withinMs);
}

/** The only pod of an app that runs and stays. */
export async function onlyRunning(kubectl: Workstation, namespace: string, app: string, withinMs?: number) {
  const look = async (): Promise<Loose | false> => {
    const { items } = await kubectl.get("pods", "-n", namespace, "-l", `app=${app}`);
    const running = items.filter((pod: Loose) => pod.status.phase === "Running" && !pod.metadata.deletionTimestamp);
    return running.length === 1 && running[0];
  };
  return eventually(`one running pod of ${app}`, look, withinMs);
}

/** The Ready condition of a node whose agent says that its device does not answer. */
export async function nodeUnreachable(kubectl: Workstation, name: string): Promise<Loose> {
  return eventually(`${name} called unreachable`, async () => {
    const node = (await kubectl.nodes())[name];
    const condition = node.status.conditions.find((one: Loose) => one.type === "Ready");
    return condition.status === "False" && condition.reason === "DeviceUnreachable" && condition;
  });
}

/** Kills a node's agent, which systemd starts anew. */
export async function killAgent(lab: TestLab, host: string, node: string): Promise<void> {
  const unit = `pulumi-virtual-kubelet@${node}`;
  const pid = async () => (await lab.sh(host, `systemctl show --property MainPID --value ${unit}`)).trim();
  const former = await pid();
  await lab.sh(host, `systemctl kill --signal KILL ${unit}`);
  await eventually("another agent", async () => !["0", former].includes(await pid()));
}

/** The same pod, and the same process in it. */
export function assertSame(was: Loose, is: Loose): void {
  assert.equal(is.metadata.uid, was.metadata.uid);
  const [before, now] = [was, is].map((pod) => pod.status.containerStatuses[0]);
  assert.equal(now.restartCount, before.restartCount);
  assert.deepEqual(now.state.running, before.state.running);
}
