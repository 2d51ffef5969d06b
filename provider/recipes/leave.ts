// How a node leaves: its pods, then etcd, then the Node, then the host itself; each proven before the next.
import type { Host } from "../host/host";
import { markLeft } from "../host/journal";
import { withHost } from "../host/open";
import { AuthenticationError, HostKeyError, RefusedError, UnreachableError, UserError } from "../lib/errors";
import type { NodePlan } from "../steps/kubeadm/context";
import { type HostView, observe, observePeer } from "../steps/kubeadm/observe";
import { resetNode } from "../steps/kubeadm/resetNode";
import { beTakenOut, type Leave, PeersGone, step, throughPeer } from "./takeOut";

export async function leave(request: Leave): Promise<void> {
  const { plan, progress } = request;
  const { name, target, timeouts } = plan;
  let reached = false;
  try {
    await withHost({ name, target, timeouts, progress, exclusive: true }, (host) => {
      reached = true;
      return leaveFrom(host, request);
    });
  } catch (error) {
    const unreachable =
      error instanceof UnreachableError || error instanceof AuthenticationError || error instanceof HostKeyError;
    // A connection that broke on the way, or a peer that does not answer, says nothing about a host that was there.
    if (!unreachable || reached) throw error;
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
