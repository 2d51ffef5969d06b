// What a living control plane does for a node that leaves with its host: its pods, its place in etcd, its Node, its record.
import type { Host } from "../host/host";
import { type LivingControlPlane, withControlPlane } from "../host/reach";
import { deadline, type OnUnreachable } from "../kubeadm/spec";
import { RefusedError, StepError, UnreachableError } from "../lib/errors";
import type { Progress } from "../lib/progress";
import { removeMember } from "../steps/etcd/removeMember";
import { letGoOfAddress } from "../steps/front/remove";
import type { NodePlan } from "../steps/kubeadm/context";
import { stopKubelet } from "../steps/kubeadm/stopKubelet";
import { forgetNode } from "../steps/node/clusterRecord";
import { deleteNode } from "../steps/node/deleteNode";
import { drain, type OnBlocked } from "../steps/node/drain";
import { forgetMirrorPods } from "../steps/node/mirrorPods";
import { pardonNames } from "../steps/node/removedNames";
import { forgetMember } from "./frontSpeakers";
import { beforeRemoval } from "./giveUpOthers";

export interface Leave {
  plan: NodePlan;
  progress: Progress;
  onUnreachable: OnUnreachable;
  drain: { onBlocked?: OnBlocked | undefined; gracePeriod?: number | undefined } | undefined;
}

export async function takeOut(peer: LivingControlPlane, host: Host, request: Leave): Promise<void> {
  const { plan, progress } = request;
  const { name, target, timeouts, role } = plan;
  const controlPlane = role === "controlPlane";
  const member = { name, address: target.address, progress };
  // Looked at first: a removal that would cost etcd its quorum is refused before any pod has moved.
  if (controlPlane) await beforeRemoval(peer, request);
  // The address moves while all of the control plane still works.
  if (controlPlane) await step(host, "let go of the API's virtual address", () => letGoOfAddress(host));
  const nodes = await peer.kubectl.list({ type: "nodes" });
  if (nodes.some(({ metadata }) => metadata.name !== name))
    await step(host, "drain", () =>
      drain(peer.kubectl, { node: name, timeoutMs: deadline(timeouts, "drain"), progress, ...request.drain }),
    );
  if (controlPlane) await step(host, "leave etcd", () => removeMember(peer, member));
  // A kubelet that still runs would register the Node again.
  await step(host, "stop the kubelet", () => stopKubelet(host));
  await step(host, "delete the Node", () => deleteNode(peer.kubectl, name, deadline(timeouts, "command")));
  await step(host, "forget its static pods", () => forgetMirrorPods(peer.kubectl, name, deadline(timeouts, "command")));
  await forgetNode(peer.kubectl, name);
  await pardonNames(peer.kubectl, [name]);
  if (controlPlane) await forgetMember(request);
}

/** No other control plane answered, so nothing was asked of the cluster. */
export class PeersGone extends UnreachableError {}

/** `names`: those that may be asked; none given, all of the program. */
export async function throughPeer(
  { plan, progress }: { plan: Pick<NodePlan, "name" | "reach" | "timeouts">; progress: Progress },
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

export async function step<T>(host: Host, title: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RefusedError || error instanceof UnreachableError) throw error;
    throw StepError.of(host.label, title, error);
  }
}
