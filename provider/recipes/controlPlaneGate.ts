// Before any control plane is changed: is everybody well, would etcd keep its quorum, and is there a backup to go back to?
import { setTimeout as sleep } from "node:timers/promises";
import type { LivingControlPlane } from "../host/reach";
import { lossesSurvived, mustPause } from "../kubeadm/quorum";
import { RefusedError } from "../lib/errors";
import type { Progress } from "../lib/progress";
import { retry } from "../lib/retry";
import type { Backup } from "../steps/backup/layout";
import { takeBackup } from "../steps/backup/takeBackup";
import { electing } from "../steps/etcd/client";
import { type ChangeKind, leftLearners, refusal, type Seen, votersOf, type Wish } from "../steps/etcd/judge";
import { lookAtControlPlanes, lookAtEtcd } from "../steps/etcd/look";
import { addressOf } from "../steps/etcd/members";
import { removeMember } from "../steps/etcd/removeMember";
import type { NodePlan } from "../steps/kubeadm/context";

export interface ControlPlaneChange {
  change: ChangeKind;
  /** The control plane that is changed, and its address. */
  node: string;
  address: string;
  plan: Pick<NodePlan, "clusterId" | "kubernetesVersion" | "reach" | "backup" | "timeouts">;
  progress: Progress;
  /** Further control planes that are given up in the same run: their members count as removed, their API is not asked. */
  gone?: readonly string[] | undefined;
}

/** A server that was just restarted gets this long to be well again. */
const patienceMs = 20_000;

/** Refused before anything is changed, or: everybody is well, the quorum holds, and a checked backup lies on `peer`. */
export async function beforeControlPlaneChange(peer: LivingControlPlane, request: ControlPlaneChange): Promise<Backup> {
  const { progress, node } = request;
  const wish = wishOf(request);
  progress.say(`asking the control planes and etcd on ${peer.host.label} whether ${said(wish, "may")}`);
  const seen = await settled(peer, wish);
  tellQuorum(seen, wish, progress);
  const backup = await takeBackup(peer, { ...request, etcd: databaseOf(seen, peer) });
  for (const learner of leftLearners(seen, wish)) {
    progress.say(`taking out the etcd learner of ${learner.name || addressOf(learner)}: its join did not end`);
    await removeMember(peer, { name: learner.name || node, address: addressOf(learner), progress });
  }
  return backup;
}

function databaseOf({ etcd: { members, status } }: Seen, peer: LivingControlPlane): { version: string; size: number } {
  const id = members.find(({ name }) => name === peer.name)?.id;
  const own = status.find(({ memberId }) => memberId === id);
  return { version: own?.version ?? "", size: own?.size ?? 0 };
}

async function settled(peer: LivingControlPlane, wish: Wish): Promise<Seen> {
  const over = Date.now() + patienceMs;
  for (;;) {
    const seen = await look(peer, wish);
    const found = refusal(seen, wish);
    if (!found) return seen;
    if (!found.mayPass || Date.now() > over)
      throw new RefusedError(`${said(wish, "cannot")}: ${found.reason}`, found.remedy);
    await sleep(1000);
  }
}

async function look(peer: LivingControlPlane, { change, node, gone }: Wish): Promise<Seen> {
  // The one that leaves or is being repaired need not answer; one that joins has no API server yet.
  const [etcd, nodes] = await Promise.all([
    retry(() => lookAtEtcd(peer), { deadlineMs: patienceMs, transient: electing }),
    lookAtControlPlanes(peer, [node, ...gone]),
  ]);
  return { etcd, nodes: change === "join" ? nodes.filter(({ name }) => name !== node) : nodes };
}

function wishOf({ change, node, address, plan, gone = [] }: ControlPlaneChange): Wish {
  const known = Object.fromEntries(Object.entries(plan.reach).map(([name, target]) => [name, target.address]));
  return { change, node, address, gone, known };
}

/** Who, and what: "c2" "leave". */
const words: Readonly<Record<ChangeKind, (node: string) => readonly [string, string]>> = {
  join: (node) => [node, "join"],
  remove: (node) => [node, "leave"],
  upgrade: (node) => [node, "be upgraded"],
  endpoint: (node) => [`the endpoint of ${node}`, "change"],
  certificates: (node) => [`the certificates of ${node}`, "be renewed"],
  configuration: (node) => [`the configuration of ${node}`, "change"],
};

function said({ change, node }: Wish, auxiliary: string): string {
  const [who, what] = words[change](node);
  return `${who} ${auxiliary} ${what}`;
}

function tellQuorum(seen: Seen, wish: Wish, progress: Progress): void {
  const voters = votersOf(seen, wish);
  const { change, node } = wish;
  const count = voters.length;
  if (change === "remove") {
    const after = voters.filter(({ name }) => name !== node).length;
    progress.say(`${node} may leave: etcd goes from ${count} to ${after} members and survives ${losses(after)}`);
  } else if (change === "join") {
    const after = voters.filter(({ name }) => name !== node).length + 1;
    progress.say(`${node} may join: etcd goes to ${after} members and survives ${losses(after)} then`);
  } else if (mustPause(voters, { kind: "restart", restarting: node })) {
    progress.say(`${node} is one of ${count}: the API pauses while its etcd restarts; nothing is lost`);
  } else {
    progress.say(`${said(wish, "may")}: etcd keeps its quorum without it`);
  }
}

function losses(voters: number): string {
  const count = lossesSurvived(voters);
  return count === 1 ? "1 loss" : `${count} losses`;
}
