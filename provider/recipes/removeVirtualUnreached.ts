// A virtual node leaves whose agent's machine does not answer: through the API alone, by the user's word.
import type { LivingControlPlane } from "../host/reach";
import { deadline } from "../kubeadm/spec";
import { agentPaths } from "../kubeadm/virtualKubelet/names";
import { RefusedError, UnreachableError } from "../lib/errors";
import { stillReports } from "../steps/node/aliveness";
import { emptyDead } from "../steps/node/emptyDead";
import { denyName } from "../steps/node/removedNames";
import { emptyNodes } from "../steps/virtualKubelet/emptyNodes";
import { forgetVirtualNodes } from "../steps/virtualKubelet/forgetVirtualNodes";
import type { VirtualLeave } from "./removeVirtual";
import { PeersGone, step, throughPeer } from "./takeOut";

export async function removeUnreached(request: VirtualLeave, cause: Error): Promise<void> {
  const { plan, progress, onUnreachable } = request;
  if (onUnreachable === "stop") throw stopped(request, cause);
  if (onUnreachable === "forget") {
    progress.warn(`${plan.name} is forgotten without a word to the cluster, which still counts it. ${left(request)}`);
    return;
  }
  try {
    await throughPeer(request, [], (peer) => takeOut(peer, request));
    progress.warn(`${plan.name} was taken out of the cluster without the machine of its agent. ${left(request)}`);
  } catch (error) {
    if (!(error instanceof PeersGone) || onUnreachable !== "force") throw error;
    progress.warn(`${plan.name} is left behind with the cluster that is given up. ${left(request)}`);
  }
}

async function takeOut({ kubectl, host }: LivingControlPlane, request: VirtualLeave): Promise<void> {
  const { plan, nodes, progress, onUnreachable } = request;
  const [first = plan.name] = nodes;
  const alive = await stillReports(kubectl, first, progress);
  if (alive && onUnreachable !== "force") throw onlyOutOfReach(request);
  // First of all changes: an agent that comes back in the middle of this stays out.
  for (const node of nodes) await step(host, "deny the node's name", () => denyName(kubectl, node));
  if (alive) await step(host, "drain", () => emptyNodes(kubectl, { plan, nodes, progress }));
  else for (const node of nodes) await step(host, `empty ${node}`, () => emptyDead(kubectl, node, progress));
  await step(host, "delete the Node", () => forgetVirtualNodes(kubectl, nodes, deadline(plan.timeouts, "command")));
}

function stopped({ plan }: VirtualLeave, cause: Error): UnreachableError {
  return new UnreachableError(
    `${plan.name} cannot be taken out cleanly, because the machine of its agent does not answer: ${cause.message.split("\n")[0]}`,
    'bring it back; or, when the machine is gone for good, run once with KUBEADM_ON_UNREACHABLE=remove, or set `onUnreachable: "remove"` in the program and run `pulumi up` before the node is taken out of it',
    { cause },
  );
}

function onlyOutOfReach({ plan: { name, target } }: VirtualLeave): RefusedError {
  return new RefusedError(
    `${name} is not gone: the machine of its agent (${target.connection.host}) cannot be reached over SSH, but the agent reports to the cluster`,
    "repair the way to the machine; or, to take the node out all the same and leave the agent and its pods running, run once with KUBEADM_ON_UNREACHABLE=force",
  );
}

/** For the one who finds the machine later. */
function left({ plan: { name, target } }: VirtualLeave): string {
  const { unitName, directory } = agentPaths(name);
  return `Left on ${target.connection.host}: ${unitName}, ${directory} with its keys, and what its pods run`;
}
