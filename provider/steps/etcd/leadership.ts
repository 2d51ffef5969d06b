// Who leads etcd: moved away from a member before it stops, and the others proven under the one that leads then.
import { setTimeout as sleep } from "node:timers/promises";
import type { LivingControlPlane } from "../../host/reach";
import { RefusedError } from "../../lib/errors";
import type { Progress } from "../../lib/progress";
import { etcdctl } from "./client";
import { endpointStatus, listMembers, lookAtEtcd } from "./look";
import { type EndpointStatus, type EtcdMember, memberOf, titleOf } from "./members";

export interface StoppingMember {
  name: string;
  address: string;
  progress: Progress;
}

const patienceMs = 20_000;

/**
 * A member may answer under one leader and not under another, which it does not know of as a voter: while the leader that it knows is
 * away, its API server would fail too. So whoever will lead leads before, and if somebody does not answer then all is put back.
 */
export async function handOver(peer: LivingControlPlane, { name, address, progress }: StoppingMember): Promise<void> {
  const members = await listMembers(peer);
  const stopping = memberOf(members, name, address);
  const heir = stopping && (await moveLeadership(peer, members, stopping, progress));
  if (!heir) return;
  const silent = await silentMembers(peer);
  if (silent.length === 0) return;
  await etcdctl(peer.host, ["--endpoints", heir.clientUrls[0] ?? "", "move-leader", stopping.id]);
  throw new RefusedError(
    `${name} cannot be restarted: while ${heir.name} leads etcd, ${silent.map(titleOf).join(" and ")} cannot read; ${name} leads again`,
    "that member does not know all the others as voters: take its control plane out of the program, run `pulumi up`, and put it back, so that it gets a new one",
  );
}

async function silentMembers(peer: LivingControlPlane): Promise<EtcdMember[]> {
  const over = Date.now() + patienceMs;
  for (;;) {
    const { members, healthy } = await lookAtEtcd(peer);
    const silent = members.filter(({ id, learner }) => !learner && !healthy.has(id));
    if (silent.length === 0 || Date.now() > over) return silent;
    await sleep(500);
  }
}

/** Gives who leads now, or undefined where it did not lead or nobody else can. */
export async function moveLeadership(
  peer: LivingControlPlane,
  members: readonly EtcdMember[],
  leaving: EtcdMember,
  progress: Progress,
): Promise<EtcdMember | undefined> {
  const status = await endpointStatus(peer);
  const leader = status.find(({ memberId, leaderId }) => memberId === leaderId);
  if (leader?.memberId !== leaving.id) return undefined;
  const heir = heirOf(status, members, leaving);
  if (!heir) return undefined;
  progress.say(`moving etcd's leadership from ${leaving.name} to ${heir.name}`);
  await etcdctl(peer.host, ["--endpoints", leader.endpoint, "move-leader", heir.id]);
  return heir;
}

/** Whoever answers and is furthest; learners cannot lead. */
export function heirOf(
  status: readonly EndpointStatus[],
  members: readonly EtcdMember[],
  leaving: EtcdMember,
): EtcdMember | undefined {
  const furthest = [...status].sort((a, b) => Number(BigInt(b.raftIndex) - BigInt(a.raftIndex)));
  const voters = furthest.map(({ memberId }) => members.find(({ id, learner }) => id === memberId && !learner));
  return voters.find((member) => member !== undefined && member.id !== leaving.id);
}
