// How a virtual node leaves: its pods, its agent, what is left at its place, its Nodes, and then the agent's files.
import type { Host } from "../host/host";
import { withHost } from "../host/open";
import type { LivingControlPlane } from "../host/reach";
import { deadline, type OnUnreachable } from "../kubeadm/spec";
import { AuthenticationError, HostKeyError, messageOf, RefusedError, UnreachableError } from "../lib/errors";
import type { Progress } from "../lib/progress";
import { knockFor, markSilent } from "../lib/silent";
import { emptyDead } from "../steps/node/emptyDead";
import { pardonNames } from "../steps/node/removedNames";
import type { VirtualPlan } from "../steps/virtualKubelet/context";
import { emptyNodes, reopen } from "../steps/virtualKubelet/emptyNodes";
import { forgetVirtualNodes } from "../steps/virtualKubelet/forgetVirtualNodes";
import { type Liveness, livenessOf } from "../steps/virtualKubelet/liveness";
import { cleanPlace, removeAgent, stopAgent } from "../steps/virtualKubelet/removeAgent";
import { surveyAgent } from "../steps/virtualKubelet/survey";
import { removeUnreached } from "./removeVirtualUnreached";
import { PeersGone, step, throughPeer } from "./takeOut";
import { knownKind } from "./virtualKubelet";

export interface VirtualLeave {
  plan: VirtualPlan;
  /** Names of its Nodes. */
  nodes: readonly string[];
  progress: Progress;
  onUnreachable: OnUnreachable;
}

export async function removeVirtual(request: VirtualLeave): Promise<void> {
  const { plan, progress, onUnreachable } = request;
  const { name, target, timeouts } = plan;
  const patience =
    onUnreachable === "stop" ? timeouts : { ...timeouts, connect: knockFor(target.machineId, timeouts?.connect) };
  let reached = false;
  try {
    await withHost({ name, target, timeouts: patience, progress, exclusive: true }, (host) => {
      reached = true;
      return removeFrom(host, request);
    });
  } catch (error) {
    const unreachable =
      error instanceof UnreachableError || error instanceof AuthenticationError || error instanceof HostKeyError;
    // A connection that broke on the way says nothing about a machine that was there.
    if (!unreachable || reached) throw error;
    if (onUnreachable !== "stop") markSilent(target.machineId);
    await removeUnreached(request, error);
  }
}

async function removeFrom(host: Host, request: VirtualLeave): Promise<void> {
  const { plan, progress, onUnreachable } = request;
  const { owner } = await surveyAgent(host, plan);
  if (owner !== undefined && owner !== plan.clusterId)
    throw new RefusedError(
      `${host.label} runs a node agent called ${plan.name} of another cluster now (${owner})`,
      "take it out of the state",
    );
  try {
    await throughPeer(request, [], (peer) => leaveCluster(peer, host, request));
  } catch (error) {
    if (!(error instanceof PeersGone) || onUnreachable === "stop") throw error;
    progress.warn(`${plan.name} leaves without a word to the cluster: ${error.message}`);
    await endAgent(host, request, "silent");
  }
  await step(host, "remove the node agent", () => removeAgent(host, plan.name));
}

async function leaveCluster(peer: LivingControlPlane, host: Host, request: VirtualLeave): Promise<void> {
  const { plan, nodes, progress } = request;
  const { kubectl } = peer;
  const liveness = await livenessOf(kubectl, nodes);
  if (liveness === "device gone") refuseDevice(request);
  progress.say(`emptying ${plan.name}`);
  let closed: string[] = [];
  if (liveness === "alive") closed = await step(host, "drain", () => emptyNodes(kubectl, { plan, nodes, progress }));
  else for (const node of nodes) await step(host, `empty ${node}`, () => emptyDead(kubectl, node, progress));
  try {
    await endAgent(host, request, liveness);
  } catch (error) {
    await reopen(kubectl, closed, error, progress);
    throw error;
  }
  await step(host, "delete the Node", () => forgetVirtualNodes(kubectl, nodes, deadline(plan.timeouts, "command")));
  await pardonNames(kubectl, nodes);
}

async function endAgent(host: Host, request: VirtualLeave, liveness: Liveness): Promise<void> {
  const { plan, progress, onUnreachable } = request;
  const timeoutMs = deadline(plan.timeouts, "drain");
  await step(host, "stop the node agent", () => stopAgent(host, plan.name, timeoutMs));
  const left = `${plan.name} was taken out without its device: what ran there goes on until somebody ends it`;
  if (liveness === "device gone") {
    progress.warn(left);
    return;
  }
  // An agent that did not run ended nothing; and a pod may have come after the last look.
  try {
    await step(host, "clean the node's place", () => cleanPlace(host, plan.name, knownKind(plan), timeoutMs));
  } catch (error) {
    if (onUnreachable === "stop") throw new UnreachableError(messageOf(error), wayOut, { cause: error });
    // Nobody who runs there could say whether the device is gone; the user did.
    if (liveness === "alive") throw error;
    progress.warn(`${left}: ${messageOf(error)}`);
  }
}

const wayOut =
  "bring the device back; or, when it is gone for good, run once with KUBEADM_ON_UNREACHABLE=remove (its Node is deleted, and what runs on the device is left there)";

function refuseDevice({ plan, onUnreachable }: VirtualLeave): void {
  if (onUnreachable !== "stop") return;
  throw new UnreachableError(
    `${plan.name} cannot be taken out cleanly, because its node agent does not reach its device`,
    wayOut,
  );
}
