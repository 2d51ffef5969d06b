// How a node leaves: its pods, then etcd, then the Node, then the host itself; each proven before the next.
import type { Host } from "../host/host";
import { markLeft } from "../host/journal";
import { withHost } from "../host/open";
import { type LivingControlPlane, withControlPlane } from "../host/reach";
import { deadline } from "../kubeadm/spec";
import { AuthenticationError, HostKeyError, RefusedError, UnreachableError, UserError } from "../lib/errors";
import type { Progress } from "../lib/progress";
import { StepError } from "../lib/errors";
import { forgetNode } from "../steps/node/clusterRecord";
import { deleteNode } from "../steps/node/deleteNode";
import { drain, type OnBlocked } from "../steps/node/drain";
import type { NodePlan } from "../steps/kubeadm/context";
import { leaveEtcd } from "../steps/kubeadm/etcd";
import { observe } from "../steps/kubeadm/observe";
import { resetNode } from "../steps/kubeadm/resetNode";
import { stopKubelet } from "../steps/kubeadm/stopKubelet";

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
    throw new RefusedError(`${host.label} belongs to another cluster now (${view.claim.clusterId})`, "take it out of the state");
  if (view.parts.length > 0 || view.claim?.joined) {
    if (plan.role === "worker") await throughPeer(request, (peer) => leaveCluster(peer, host, request));
    else await controlPlaneLeaves(host, view.nodes, view.ready, request);
    progress.say(`resetting ${host.label}`);
    await step(host, "reset the host", () => resetNode(host, { timeouts, progress }));
  }
  await markLeft(host, clusterId, name);
}

async function controlPlaneLeaves(host: Host, nodes: string[], ready: boolean, request: Leave): Promise<void> {
  const { plan } = request;
  const others = Object.keys(plan.reach).filter((peer) => peer !== plan.name);
  const rest = nodes.filter((node) => node !== plan.name);
  if (ready && rest.length === 0) return;
  if (others.length === 0) {
    if (ready)
      throw new RefusedError(
        `${plan.name} is the last control plane, and the cluster still has the nodes ${rest.join(", ")}`,
        "remove these nodes first",
      );
    return lastOne(host, plan);
  }
  refuseEndpoint(plan, others);
  await throughPeer(request, (peer) => leaveCluster(peer, host, request));
}

/** Its own API is down: nobody can say whether other nodes are left. */
async function lastOne(host: Host, plan: NodePlan): Promise<void> {
  const view = await observe(host);
  if (!view.claim?.joined) return;
  throw new UserError(
    `${host.label}: the API server of the last control plane (${plan.name}) does not answer, so nobody knows which nodes are left`,
    "bring it back, or run `kubeadm reset` on the host and then run again",
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
async function leaveCluster(peer: LivingControlPlane, host: Host | undefined, request: Leave): Promise<void> {
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
  await throughPeer(request, (peer) => leaveCluster(peer, undefined, request));
  progress.warn(`${plan.name} was removed from the cluster; its host was not reached and still holds what was on it`);
}

class PeersGone extends UnreachableError {}

async function throughPeer(
  { plan, progress }: Leave,
  use: (peer: LivingControlPlane) => Promise<void>,
): Promise<void> {
  const { name, reach, timeouts } = plan;
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
