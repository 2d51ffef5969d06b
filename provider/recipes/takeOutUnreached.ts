// Taking a node out without its host: what the others and the API can do, so that nothing waits for a machine that is gone.
import type { LivingControlPlane } from "../host/reach";
import { deadline } from "../kubeadm/spec";
import { isEnding } from "../lib/ending";
import { hostOf } from "../lib/endpoint";
import { RefusedError } from "../lib/errors";
import { removeMember } from "../steps/etcd/removeMember";
import { stillReports } from "../steps/node/aliveness";
import { forgetNode } from "../steps/node/clusterRecord";
import { deleteNode } from "../steps/node/deleteNode";
import { drain } from "../steps/node/drain";
import { emptyDead, forgetPods } from "../steps/node/emptyDead";
import { denyName } from "../steps/node/removedNames";
import { forgetMember } from "./frontSpeakers";
import { beforeRemoval } from "./giveUpOthers";
import { type Leave, step } from "./takeOut";

export async function takeOutUnreached(peer: LivingControlPlane, request: Leave): Promise<void> {
  const { plan, progress } = request;
  const { name, target, timeouts, role } = plan;
  const { kubectl, host } = peer;
  const alive = await stillReports(kubectl, name, progress);
  if (alive && request.onUnreachable !== "force") throw onlyOutOfReach(request);
  const { address } = target;
  if (role === "controlPlane") await beforeRemoval(peer, request);
  // First of all changes: a machine that comes back in the middle of this stays out.
  await step(host, "deny the node's name", () => denyName(kubectl, name));
  await step(host, `empty ${name}`, () => (alive ? drainAlive(peer, request) : emptyDead(kubectl, name, progress)));
  if (role === "controlPlane") await step(host, "leave etcd", () => removeMember(peer, { name, address, progress }));
  await step(host, "delete the Node", () => deleteNode(kubectl, name, deadline(timeouts, "command")));
  await step(host, `forget the pods of ${name}`, () => forgetPods(kubectl, name));
  await forgetNode(kubectl, name);
  if (hostOf(plan.endpoint) === address && !isEnding(plan.clusterId))
    progress.warn(
      `the cluster's endpoint (${plan.endpoint}) was on ${name}: until \`endpoint\` is changed, no worker reaches the API`,
    );
  if (role === "controlPlane") await forgetMember(request);
}

/** Its kubelet still ends pods, so they get the time they ask for. */
function drainAlive(peer: LivingControlPlane, { plan, progress, drain: how }: Leave): Promise<void> {
  const timeoutMs = deadline(plan.timeouts, "drain");
  return drain(peer.kubectl, { node: plan.name, timeoutMs, progress, ...how });
}

function onlyOutOfReach({ plan: { name, target } }: Leave): RefusedError {
  return new RefusedError(
    `${name} is not gone: its host (${target.connection.host}) cannot be reached over SSH, but its Node is Ready and its kubelet reports to the cluster`,
    "repair the way to the host or its `connection`; or, to take it out all the same and leave everything running on it, run once with KUBEADM_ON_UNREACHABLE=force",
  );
}
