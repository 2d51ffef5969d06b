// Takes a control plane's member out of etcd through another one: leadership first, then the member, then the proof.
import { setTimeout as sleep } from "node:timers/promises";
import type { LivingControlPlane } from "../../host/reach";
import { UserError } from "../../lib/errors";
import type { Progress } from "../../lib/progress";
import { etcdctl } from "./client";
import { type EndpointStatus, type EtcdMember, memberOf, parseMembers, parseStatus, titleOf } from "./members";

export interface LeavingMember {
  name: string;
  address: string;
  progress: Progress;
}

/** Nothing to do when etcd has no such member. Whether it may go has been looked at before. */
export async function removeMember(
  peer: LivingControlPlane,
  { name, address, progress }: LeavingMember,
): Promise<void> {
  const members = await listMembers(peer);
  const leaving = memberOf(members, name, address);
  if (!leaving) return;
  if (!leaving.learner) await moveLeadership(peer, members, leaving, progress);
  progress.say(`removing the etcd member of ${name} through ${peer.host.label}`);
  await etcdctl(peer.host, ["member", "remove", leaving.id]);
  await provenGone(peer, leaving);
}

/** An election after the removal would cost every client a pause; a handover costs none. */
async function moveLeadership(
  peer: LivingControlPlane,
  members: readonly EtcdMember[],
  leaving: EtcdMember,
  progress: Progress,
): Promise<void> {
  const status = await endpointStatus(peer);
  const leader = status.find(({ memberId, leaderId }) => memberId === leaderId);
  if (leader?.memberId !== leaving.id) return;
  const heir = heirOf(status, members, leaving);
  if (!heir) return;
  progress.say(`moving etcd's leadership from ${leaving.name} to ${heir.name}`);
  await etcdctl(peer.host, ["--endpoints", leader.endpoint, "move-leader", heir.id]);
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

/** Every endpoint that stays has to say so: one that lags behind would let a reset destroy what it still counts on. */
async function provenGone(peer: LivingControlPlane, leaving: EtcdMember): Promise<void> {
  const over = Date.now() + 15_000;
  for (;;) {
    const still = await whoStillLists(peer, leaving);
    if (still.length === 0) return;
    if (Date.now() > over)
      throw new UserError(
        `${peer.host.label}: etcd still lists ${titleOf(leaving)} after its removal: ${still.join(", ")}`,
        "look at the health of these members, then run again",
      );
    await sleep(500);
  }
}

async function whoStillLists(peer: LivingControlPlane, leaving: EtcdMember): Promise<string[]> {
  const staying = await listMembers(peer);
  if (staying.some(({ id }) => id === leaving.id)) return [peer.name];
  // One that was sick before may stay silent: it learns of the removal when it comes back, before it may vote.
  const endpoints = (await endpointStatus(peer)).map(({ endpoint }) => endpoint);
  const lists = await Promise.all(
    endpoints.map(async (endpoint) => {
      const { stdout } = await etcdctl(peer.host, ["--endpoints", endpoint, "member", "list", "-w", "json"]);
      return { endpoint, lists: parseMembers(stdout).some(({ id }) => id === leaving.id) };
    }),
  );
  return lists.filter((found) => found.lists).map(({ endpoint }) => endpoint);
}

export async function listMembers({ host }: LivingControlPlane): Promise<EtcdMember[]> {
  return parseMembers((await etcdctl(host, ["member", "list", "-w", "json"])).stdout);
}

async function endpointStatus({ host }: LivingControlPlane): Promise<EndpointStatus[]> {
  const patience = ["--dial-timeout=2s", "--command-timeout=5s"];
  // Exit code 1: somebody did not answer.
  const argv = [...patience, "endpoint", "status", "--cluster", "-w", "json"];
  const { stdout } = await etcdctl(host, argv, { ok: [0, 1] });
  return parseStatus(stdout.split("\n").find((line) => line.startsWith("[")) ?? "");
}
