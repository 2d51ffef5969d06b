// How a node leaves: its pods, then etcd, then the Node, then the host itself; each proven before the next.
import type { Host } from "../host/host";
import { markLeft } from "../host/journal";
import { withHost } from "../host/open";
import { type LivingControlPlane, withControlPlane } from "../host/reach";
import { deadline } from "../kubeadm/spec";
import { AuthenticationError, HostKeyError, RefusedError, StepError, UnreachableError, UserError } from "../lib/errors";
import type { Progress } from "../lib/progress";
import type { NodePlan } from "../steps/kubeadm/context";
import { leaveEtcd } from "../steps/kubeadm/etcd";
import { type HostView, observe, observePeer } from "../steps/kubeadm/observe";
import { resetNode } from "../steps/kubeadm/resetNode";
import { stopKubelet } from "../steps/kubeadm/stopKubelet";
import { forgetNode } from "../steps/node/clusterRecord";
import { deleteNode } from "../steps/node/deleteNode";
import { drain, type OnBlocked } from "../steps/node/drain";

export type OnUnreachable = "stop" | "remove" | "forget";

export interface Leave {
  plan: NodePlan;
  progress: Progress;
  onUnreachable: OnUnreachable;
  drain: { onBlocked?: OnBlocked | undefined; gracePeriod?: number | undefined } | undefined;
}

export async function leave(request: Leave): Promise<void> {
  const { plan, progress } = request;
  const { name, target, timeouts } = plan;
  try {
    await withHost({ name, target, timeouts, progress, exclusive: true }, (host) => leaveFrom(host, request));
  } catch (error) {
    const unreachable =
      error instanceof UnreachableError || error instanceof AuthenticationError || error instanceof HostKeyError;
    // A peer that does not answer is another matter than the host itself.
    if (!unreachable || error instanceof PeersGone) throw error;
    await leaveWithoutHost(request, error);
  }
}

async function leaveFrom(host: Host, request: Leave): Promise<void> {
  const { plan, progress } = request;
  const { name, timeouts, clusterId } = plan;
  const view = await observe(host);
  if (view.claim !== undefined && view.claim.clusterId !== clusterId)
    throw new RefusedError(
      `${host.label} belongs to another cluster now (${view.claim.clusterId})`,
      "take it out of the state",
    );
  if (view.parts.length > 0 || view.claim?.joined) {
    await leaveCluster(host, view, request);
    progress.say(`resetting ${host.label}`);
    await step(host, "reset the host", () => resetNode(host, { timeouts, progress }));
  }
  await markLeft(host, clusterId, name);
}

async function leaveCluster(host: Host, view: HostView, request: Leave): Promise<void> {
  const { plan, progress, onUnreachable } = request;
  const through = plan.role === "worker" ? [] : await remaining(host, view, request);
  if (through === "alone") return;
  try {
    await throughPeer(request, through, (peer) => beTakenOut(peer, host, request));
  } catch (error) {
    if (!(error instanceof PeersGone) || onUnreachable === "stop") throw error;
    progress.warn(`${plan.name} leaves without a word to the cluster: ${error.message}`);
  }
}

/** The control planes that stay; "alone" when this one is all there is of the cluster. */
async function remaining(host: Host, view: HostView, { plan, progress }: Leave): Promise<string[] | "alone"> {
  const { name, reach, clusterId, timeouts } = plan;
  if (!view.ready) {
    // Its API is down: what is left of the cluster shows on the others alone.
    const others = Object.entries(reach).filter(([peer]) => peer !== name);
    const views = await Promise.all(
      others.map(([peer, target]) => observePeer(peer, target, { clusterId, timeouts, progress })),
    );
    if (!views.every(({ kind }) => kind === "empty")) return [];
    if (view.claim?.joined) throw lastAndDown(host);
    return "alone";
  }
  const nodes = view.nodes.filter((node) => node !== name);
  const controlPlanes = view.controlPlanes.filter((node) => node !== name);
  if (nodes.length === 0) return "alone";
  if (controlPlanes.length === 0)
    throw new RefusedError(
      `${name} is the last control plane, and the cluster still has the nodes ${nodes.join(", ")}`,
      "remove these nodes first",
    );
  refuseEndpoint(plan, controlPlanes);
  return controlPlanes;
}

function lastAndDown(host: Host): UserError {
  return new UserError(
    `${host.label}: the API server of the last control plane does not answer, so nobody knows which nodes are left`,
    "bring it back; or, when the cluster is given up, run `kubeadm reset` on the host and then run again",
  );
}

function refuseEndpoint({ name, endpoint, target }: NodePlan, others: string[]): void {
  const host = endpoint.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
  if (host !== target.address) return;
  throw new RefusedError(
    `${name} is the cluster's endpoint (${endpoint}), and ${others.join(", ")} would stay without one`,
    "a control plane whose address is the endpoint cannot be removed while others remain",
  );
}

/** Whatever a living control plane can do for a node that leaves. */
async function beTakenOut(peer: LivingControlPlane, host: Host | undefined, request: Leave): Promise<void> {
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

async function leaveWithoutHost(request: Leave, cause: Error): Promise<void> {
  const { plan, progress, onUnreachable } = request;
  if (onUnreachable === "forget") {
    progress.warn(`${plan.name} was forgotten without a word to its host or the cluster: ${cause.message}`);
    return;
  }
  if (onUnreachable === "stop")
    throw new UnreachableError(
      `${plan.name} cannot be reached, so it cannot be taken out cleanly: ${cause.message.split("\n")[0]}`,
      `bring it back; or, when the machine is gone for good, run once with KUBEADM_ON_UNREACHABLE=remove (the cluster forgets the node) or =forget (nothing is asked), or set \`onUnreachable\` in the program`,
      { cause },
    );
  await throughPeer(request, [], (peer) => beTakenOut(peer, undefined, request));
  progress.warn(`${plan.name} was removed from the cluster; its host was not reached and still holds what was on it`);
}

class PeersGone extends UnreachableError {}

/** `names`: those that may be asked; none given, all of the program. */
async function throughPeer(
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

async function step(host: Host, title: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof RefusedError || error instanceof UnreachableError) throw error;
    throw StepError.of(host.label, title, error);
  }
}
