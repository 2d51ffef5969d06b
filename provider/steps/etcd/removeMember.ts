// Takes a control plane's member out of etcd through another one: leadership first, then the member, then the proof.
import { setTimeout as sleep } from "node:timers/promises";
import type { LivingControlPlane } from "../../host/reach";
import { UserError } from "../../lib/errors";
import type { Progress } from "../../lib/progress";
import { etcdctl } from "./client";
import { moveLeadership } from "./leadership";
import { endpointStatus, listMembers } from "./look";
import { type EtcdMember, memberOf, parseMembers, titleOf } from "./members";

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
  // An election after the removal would cost every client a pause; a handover costs none.
  if (!leaving.learner) await moveLeadership(peer, members, leaving, progress);
  progress.say(`removing the etcd member of ${name} through ${peer.host.label}`);
  await etcdctl(peer.host, ["member", "remove", leaving.id]);
  await provenGone(peer, leaving);
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
