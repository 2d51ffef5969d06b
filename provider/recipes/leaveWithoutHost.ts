// A node leaves whose host does not answer: what becomes of it is the user's word, and what is left behind is told.
import { UnreachableError } from "../lib/errors";
import { markSilent } from "../lib/silent";
import type { PeerView } from "../steps/kubeadm/decide";
import { observePeer } from "../steps/kubeadm/observe";
import { endsWhole } from "./giveUpOthers";
import { type Leave, PeersGone, throughPeer } from "./takeOut";
import { takeOutUnreached } from "./takeOutUnreached";

export async function leaveWithoutHost(request: Leave, cause: Error): Promise<void> {
  const { plan, progress, onUnreachable } = request;
  if (onUnreachable === "stop") throw stopped(request, cause);
  markSilent(plan.target.machineId);
  if (onUnreachable === "forget") {
    progress.warn(`${plan.name} is forgotten without a word to the cluster, which still counts it. ${left(request)}`);
    return;
  }
  try {
    await throughPeer(request, [], (peer) => takeOutUnreached(peer, request));
    progress.warn(`${plan.name} was taken out of the cluster without its host. ${left(request)}`);
  } catch (error) {
    if (!(error instanceof PeersGone)) throw error;
    if (!endsWhole(request) && !(await nothingLeft(request))) throw nobodyToAsk(request, error);
    progress.warn(`${plan.name} is left behind with the cluster that is given up. ${left(request)}`);
  }
}

/** All other control planes were asked and hold nothing of the cluster any more. */
async function nothingLeft({ plan, progress }: Leave): Promise<boolean> {
  const { name, reach, clusterId, timeouts } = plan;
  const others = Object.entries(reach).filter(([peer]) => peer !== name);
  const views: PeerView[] = await Promise.all(
    others.map(([peer, target]) => observePeer(peer, target, { clusterId, timeouts, progress })),
  );
  return views.length > 0 && views.every(({ kind }) => kind === "empty");
}

function stopped({ plan }: Leave, cause: Error): UnreachableError {
  return new UnreachableError(
    `${plan.name} cannot be taken out cleanly, because its host does not answer: ${firstLine(cause)}`,
    'bring it back; or, when the machine is gone for good, run once with KUBEADM_ON_UNREACHABLE=remove (its Node is deleted through the API and the host is left as it is), or set `onUnreachable: "remove"` in the program and run `pulumi up` before the node is taken out of it',
    { cause },
  );
}

function nobodyToAsk({ plan }: Leave, cause: PeersGone): UnreachableError {
  return new UnreachableError(
    `${plan.name} cannot be taken out: its host does not answer, and neither does any control plane that could do it without: ${cause.message.split("\n  What to do:")[0]}`,
    "bring a control plane back; when the whole cluster is given up, run once with KUBEADM_ON_UNREACHABLE=force (nothing is asked where nobody answers)",
    { cause },
  );
}

/** What nobody undid, for the one who wipes the machine later. */
function left({ plan }: Leave): string {
  const { name, role, target } = plan;
  const data =
    role === "controlPlane" ? "the cluster's keys in /etc/kubernetes/pki, etcd's data in /var/lib/etcd, " : "";
  return `Left on ${name} (${target.connection.host}): ${data}kubelet, containers and their data, /etc/kubernetes. If the machine comes back, wipe it, run \`kubeadm reset\` on it, or give it to a node of this cluster again, which cleans it first`;
}

function firstLine({ message }: Error): string {
  return message.split("\n")[0] ?? message;
}
