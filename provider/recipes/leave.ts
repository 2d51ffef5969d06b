// How a node leaves: its pods, then etcd, then the Node, then the host itself; each proven before the next.
import type { Host } from "../host/host";
import { markLeft } from "../host/journal";
import { Kubectl } from "../host/kubectl";
import { withHost } from "../host/open";
import { hostOf } from "../lib/endpoint";
import { AuthenticationError, HostKeyError, RefusedError, UnreachableError, UserError } from "../lib/errors";
import { knockFor } from "../lib/silent";
import { clusterEndpoint } from "../steps/endpoint/clusterEndpoint";
import { removeFront } from "../steps/front/remove";
import type { NodePlan } from "../steps/kubeadm/context";
import { type HostView, observe, observePeer } from "../steps/kubeadm/observe";
import { resetNode } from "../steps/kubeadm/resetNode";
import { endsWhole } from "./giveUpOthers";
import { leaveWithoutHost } from "./leaveWithoutHost";
import { type Leave, PeersGone, step, takeOut, throughPeer } from "./takeOut";

export async function leave(request: Leave): Promise<void> {
  const { plan, progress, onUnreachable } = request;
  const { name, target, timeouts } = plan;
  // Where the user has said what becomes of a host that does not answer, nobody waits long for it.
  const knocking =
    onUnreachable === "stop" ? timeouts : { ...timeouts, connect: knockFor(target.machineId, timeouts?.connect) };
  let reached = false;
  try {
    await withHost({ name, target, timeouts: knocking, progress, exclusive: true }, (host) => {
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
  if (view.claim !== undefined && view.claim.node !== name) {
    const now = `${host.label} is node ${view.claim.node} now`;
    progress.warn(`${now}: ${name} leaves the cluster, the machine is left alone`);
    return leaveWithoutHost({ ...request, onUnreachable: "remove" }, new RefusedError(now));
  }
  if (view.parts.length > 0 || view.claim?.joined) {
    await leaveCluster(host, view, request);
    progress.say(`resetting ${host.label}`);
    if (plan.role === "controlPlane") await step(host, "remove the API's virtual address", () => removeFront(host));
    await step(host, "reset the host", () => resetNode(host, { timeouts, progress }));
  }
  await markLeft(host, clusterId, name);
}

async function leaveCluster(host: Host, view: HostView, request: Leave): Promise<void> {
  const { plan, progress, onUnreachable } = request;
  const through = plan.role === "worker" ? [] : await remaining(host, view, request);
  if (through === "alone") return;
  try {
    await throughPeer(request, through, (peer) => takeOut(peer, host, request));
  } catch (error) {
    if (!(error instanceof PeersGone) || onUnreachable === "stop") throw error;
    if (plan.role === "controlPlane" && !endsWhole(request)) throw mayBeTheLast(host, error);
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
  refuseEndpoint(plan, await clusterEndpoint(new Kubectl(host)), controlPlanes);
  return controlPlanes;
}

function lastAndDown(host: Host): UserError {
  return new UserError(
    `${host.label}: the API server of the last control plane does not answer, so nobody knows which nodes are left`,
    "bring it back; or, when the cluster is given up, run `kubeadm reset` on the host and then run again",
  );
}

/** etcd's data on it may be the last copy there is. */
function mayBeTheLast(host: Host, cause: PeersGone): RefusedError {
  return new RefusedError(
    `${host.label} cannot be taken out, because no other control plane answers and it may hold the last copy of the cluster: ${cause.message.split("\n  What to do:")[0]}`,
    "bring another control plane back, or run `npx pulumi-kubeadm recover`; when the cluster is given up, run once with KUBEADM_ON_UNREACHABLE=force",
  );
}

/** The one in force: the program may have moved the cluster in the same run. */
function refuseEndpoint({ name, target }: NodePlan, endpoint: string, others: string[]): void {
  if (hostOf(endpoint) !== target.address) return;
  throw new RefusedError(
    `${name} is the cluster's endpoint (${endpoint}), and ${others.join(", ")} would stay without one`,
    "move the cluster to another endpoint first (`endpoint` in the program, then `pulumi up`); then it can be removed",
  );
}
