// What a living control plane does for a node that leaves: its pods, its place in etcd, its Node, its record.
import type { Host } from "../host/host";
import { type LivingControlPlane, withControlPlane } from "../host/reach";
import { deadline, type OnUnreachable } from "../kubeadm/spec";
import { RefusedError, StepError, UnreachableError } from "../lib/errors";
import type { Progress } from "../lib/progress";
import type { NodePlan } from "../steps/kubeadm/context";
import { leaveEtcd } from "../steps/kubeadm/etcd";
import { stopKubelet } from "../steps/kubeadm/stopKubelet";
import { forgetNode } from "../steps/node/clusterRecord";
import { deleteNode } from "../steps/node/deleteNode";
import { drain, type OnBlocked } from "../steps/node/drain";

export interface Leave {
  plan: NodePlan;
  progress: Progress;
  onUnreachable: OnUnreachable;
  drain: { onBlocked?: OnBlocked | undefined; gracePeriod?: number | undefined } | undefined;
}

/** Whatever a living control plane can do for a node that leaves. */
export async function beTakenOut(peer: LivingControlPlane, host: Host | undefined, request: Leave): Promise<void> {
  const { plan, progress } = request;
  const { name, target, timeouts, role } = plan;
  const label = host ?? peer.host;
  const controlPlane = role === "controlPlane";
  // Looked at first: a removal that would cost etcd its quorum is refused before any pod has moved.
  if (controlPlane) await leaveEtcd(peer, { name, address: target.address, onlyCheck: true });
  const nodes = await peer.kubectl.list({ type: "nodes" });
  if (nodes.some(({ metadata }) => metadata.name !== name))
    await step(label, "drain", () =>
      drain(peer.kubectl, {
        node: name,
        timeoutMs: deadline(timeouts, "drain"),
        progress,
        onBlocked: request.drain?.onBlocked,
        gracePeriod: request.drain?.gracePeriod,
        dead: host === undefined,
      }),
    );
  if (controlPlane) await step(label, "leave etcd", () => leaveEtcd(peer, { name, address: target.address }));
  // A kubelet that still runs would register the Node again.
  if (host) await step(host, "stop the kubelet", () => stopKubelet(host));
  await step(label, "delete the Node", () => deleteNode(peer.kubectl, name, deadline(timeouts, "command")));
  await forgetNode(peer.kubectl, name);
}

/** No other control plane answered, so nothing was asked of the cluster. */
export class PeersGone extends UnreachableError {}

/** `names`: those that may be asked; none given, all of the program. */
export async function throughPeer(
  { plan, progress }: Leave,
  names: readonly string[],
  use: (peer: LivingControlPlane) => Promise<void>,
): Promise<void> {
  const { name, timeouts } = plan;
  const reach = Object.fromEntries(
    Object.entries(plan.reach).filter(([peer]) => names.length === 0 || names.includes(peer)),
  );
  let begun = false;
  try {
    await withControlPlane({ reach, except: [name], timeouts, progress }, (peer) => {
      begun = true;
      return use(peer);
    });
  } catch (error) {
    if (begun || !(error instanceof UnreachableError)) throw error;
    throw new PeersGone(error.message, undefined, { cause: error });
  }
}

export async function step(host: Host, title: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof RefusedError || error instanceof UnreachableError) throw error;
    throw StepError.of(host.label, title, error);
  }
}
