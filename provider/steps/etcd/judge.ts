// Whether one control plane may be changed now: health, members against nodes, quorum during and after. Pure.
import { quorumProblem, type Voter } from "../../kubeadm/quorum";
import { etcdctlCommand } from "./client";
import type { ControlPlaneNode, EtcdView } from "./look";
import { addressOf, type EtcdMember, isOf, titleOf } from "./members";

export type ChangeKind = "join" | "remove" | "upgrade" | "endpoint" | "certificates" | "configuration";

export interface Wish {
  change: ChangeKind;
  /** The control plane that is changed. */
  node: string;
  address: string;
  /** Others that are given up too: they count as removed. */
  gone: readonly string[];
  /** Addresses of the program's control planes by name. */
  known: Readonly<Record<string, string>>;
}

export interface Seen {
  etcd: EtcdView;
  nodes: readonly ControlPlaneNode[];
}

export interface Refusal {
  reason: string;
  remedy: string;
  /** It may be over in a moment: a server that just started, an election. */
  mayPass?: boolean;
}

/** Learners of the program's own control planes, left by joins that did not end: they vote for nothing and are taken out. */
export function leftLearners({ etcd }: Seen, { known, node, address }: Wish): EtcdMember[] {
  const ours = Object.entries({ ...known, [node]: address });
  return etcd.members.filter((member) => member.learner && ours.some(([name, at]) => isOf(member, name, [at])));
}

/** undefined: the change may begin. */
export function refusal(seen: Seen, wish: Wish): Refusal | undefined {
  const unexpected = alarmed(seen) ?? unexplained(seen, wish) ?? memberless(seen, wish);
  return unexpected ?? outnumbered(seen, wish) ?? sick(seen, wish);
}

function alarmed({ etcd: { alarms, members } }: Seen): Refusal | undefined {
  const [first] = alarms;
  if (!first) return undefined;
  const member = members.find(({ id }) => id === first.memberId);
  const space = first.alarm === "NOSPACE";
  return {
    reason: `etcd has raised the alarm ${first.alarm} on ${member ? titleOf(member) : first.memberId}`,
    remedy: space
      ? "make room first: compact and defragment etcd, or raise its quota (kubeadm.clusterConfiguration.etcd.local.extraArgs quota-backend-bytes), then `etcdctl alarm disarm`"
      : "restore that member first: its data is damaged. Take that control plane out of the program, then put it back",
  };
}

/** A voter that nobody runs counts for the quorum all the same. */
function unexplained(seen: Seen, wish: Wish): Refusal | undefined {
  const left = new Set(leftLearners(seen, wish).map(({ id }) => id));
  const orphan = seen.etcd.members.find((member) => {
    if (left.has(member.id) || isOf(member, wish.node, [wish.address])) return false;
    if (wish.gone.some((name) => isOf(member, name, at(wish, name)))) return false;
    return !seen.nodes.some(({ name, addresses }) => isOf(member, name, addresses));
  });
  if (!orphan) return undefined;
  return {
    reason: `etcd has a member that is no node of the cluster: ${titleOf(orphan)}`,
    remedy: whose(orphan, seen, wish),
  };
}

function whose(orphan: EtcdMember, { nodes }: Seen, { known, node }: Wish): string {
  const ours = Object.entries(known).find(([name, address]) => isOf(orphan, name, [address]));
  if (ours)
    return `it is ${ours[0]} of this program, whose Node was deleted: run \`systemctl restart kubelet\` on ${ours[0]} if it shall stay, or take it out of the program`;
  const pod = `etcd-${nodes.find(({ name }) => name !== node)?.name ?? node}`;
  const history = orphan.name
    ? "a control plane that was removed by hand, or one that somebody else added"
    : "added by a join that never started it, or by hand";
  return `it is none of this program's control planes: ${history}. Look at ${addressOf(orphan)}; when no etcd of this cluster is wanted there, remove it: \`kubectl -n kube-system exec ${pod} -- ${etcdctlCommand} member remove ${orphan.id}\``;
}

function memberless({ etcd, nodes }: Seen, { node, gone }: Wish): Refusal | undefined {
  const found = nodes.find(
    ({ name, addresses }) =>
      name !== node && !gone.includes(name) && !etcd.members.some((member) => isOf(member, name, addresses)),
  );
  if (!found) return undefined;
  return {
    reason: `${found.name} is a control plane by its Node, but etcd has no member of it: its removal did not end, or its member was removed by hand`,
    remedy: `take ${found.name} out of the program and run \`pulumi up\` so that its removal ends; if it is in no program any more, \`kubectl delete node ${found.name}\` and \`kubeadm reset\` on its host`,
  };
}

/** One that is not healthy itself may go, and may be repaired; beside one that is not, nothing else is changed. */
function sick(seen: Seen, wish: Wish): Refusal | undefined {
  const own = seen.etcd.members.find((member) => isOf(member, wish.node, [wish.address]));
  if (wish.change === "remove" && own && !seen.etcd.healthy.has(own.id)) return undefined;
  const reasons = complaints(seen, wish);
  if (reasons.length === 0) return undefined;
  return {
    reason: `another control plane is not healthy, and one is enough: ${reasons.join("; ")}`,
    remedy:
      "bring it back (`systemctl status kubelet` and /var/log/pods on its host), or take it out of the program first",
    mayPass: true,
  };
}

/** What is wrong with the other control planes. */
function complaints(seen: Seen, { node, gone }: Wish): string[] {
  const others = seen.nodes.filter(({ name }) => name !== node && !gone.includes(name));
  return others.flatMap(({ name, addresses, sick: api }) => {
    const member = seen.etcd.members.find((one) => isOf(one, name, addresses));
    const etcd = member && !member.learner && !seen.etcd.healthy.has(member.id);
    const said = [
      ...(etcd ? ["its etcd member is not healthy"] : []),
      ...(api ? [`its API server is not ready (${api})`] : []),
    ];
    return said.length === 0 ? [] : [`${name}: ${said.join(", ")}`];
  });
}

function outnumbered(seen: Seen, wish: Wish): Refusal | undefined {
  const problem = quorumChanges(wish, votersOf(seen, wish)).find((found) => found !== undefined);
  if (problem === undefined) return undefined;
  const others = complaints(seen, wish);
  return {
    reason: others.length === 0 ? problem : `${problem} (${others.join("; ")})`,
    remedy: problem.startsWith("etcd has lost")
      ? "bring control planes back until the members agree again; when they are gone for good, `npx pulumi-kubeadm recover` makes a cluster of what is left"
      : "bring the others back (`systemctl status kubelet` and /var/log/pods on their hosts), or take those that are gone for good out of the program first",
    mayPass: true,
  };
}

function quorumChanges({ change, node }: Wish, voters: readonly Voter[]): (string | undefined)[] {
  if (change === "remove") return [quorumProblem(voters, { kind: "remove", leaving: node })];
  if (change !== "join") return [quorumProblem(voters, { kind: "restart", restarting: node })];
  // A member that an earlier life of the node left behind is taken out first.
  const others = voters.filter(({ name }) => name !== node);
  const before = others.length < voters.length ? [quorumProblem(voters, { kind: "remove", leaving: node })] : [];
  return [...before, quorumProblem(others, { kind: "join" })];
}

export function votersOf({ etcd }: Seen, wish: Wish): Voter[] {
  return etcd.members
    .filter((member) => !member.learner && !wish.gone.some((name) => isOf(member, name, at(wish, name))))
    .map((member) => ({
      name: isOf(member, wish.node, [wish.address]) ? wish.node : member.name || member.id,
      healthy: etcd.healthy.has(member.id),
    }));
}

function at({ known }: Wish, name: string): string[] {
  const address = known[name];
  return address === undefined ? [] : [address];
}
