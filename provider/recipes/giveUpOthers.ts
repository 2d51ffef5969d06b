// A whole cluster goes while some of its control planes are gone already: these leave etcd first, or nobody else could.

import type { LivingControlPlane } from "../host/reach";
import { isEnding } from "../lib/ending";
import { lookAtEtcd } from "../steps/etcd/look";
import { removeMember } from "../steps/etcd/removeMember";
import { readClusterRecord } from "../steps/node/clusterRecord";
import { beforeControlPlaneChange } from "./controlPlaneGate";
import type { Leave } from "./takeOut";

/** By the program or by the user's word: what cannot be asked is left behind. */
export function endsWhole({ plan, onUnreachable }: Leave): boolean {
  if (onUnreachable === "stop") return false;
  return onUnreachable !== "remove" || isEnding(plan.clusterId);
}

/** The gate before a control plane is taken out, with those that are given up beside it. */
export async function beforeRemoval(peer: LivingControlPlane, request: Leave): Promise<void> {
  const { plan, progress } = request;
  const { name: node, target } = plan;
  const gone = await givenUp(peer, request);
  await beforeControlPlaneChange(peer, { change: "remove", node, address: target.address, plan, progress, gone });
  await dropMembers(peer, gone, request);
}

/** Names of the other control planes whose etcd does not answer; none unless the whole cluster goes. */
async function givenUp(peer: LivingControlPlane, request: Leave): Promise<string[]> {
  if (request.onUnreachable === "stop" || !(await ends(peer, request))) return [];
  const { members, healthy } = await lookAtEtcd(peer);
  const { name: own, reach } = request.plan;
  const sick = members.filter(({ id, learner }) => !learner && !healthy.has(id)).map(({ name }) => name);
  return sick.filter((name) => name !== own && name in reach);
}

async function ends({ kubectl }: LivingControlPlane, { plan }: Leave): Promise<boolean> {
  return isEnding(plan.clusterId) || (await readClusterRecord(kubectl))?.ending === true;
}

async function dropMembers(peer: LivingControlPlane, names: readonly string[], request: Leave): Promise<void> {
  const { plan, progress } = request;
  for (const name of names) {
    const target = plan.reach[name];
    if (target) await removeMember(peer, { name, address: target.address, progress });
  }
}
