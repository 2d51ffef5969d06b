// Whether etcd is fit for an upgrade: every member well, explained and of a version that may come before the new one. Pure.
import semver from "semver";
import { companions } from "../../kubeadm/companions";
import { type EtcdMember, titleOf } from "../etcd/members";
import type { ClusterView, Finding, NodeView, ServerView, UpgradeWish } from "./view";

/** Before it, members that were added as learners can stop a 3.6 (etcd-io/etcd#19557). */
const oldestBefore36 = "3.5.20";

export function judgeEtcd(view: ClusterView, wish: UpgradeWish): Finding[] {
  return [...alarms(view), ...members(view), ...memberless(view), ...versions(view, wish)];
}

/** The part of a control plane that its Node's condition does not tell. A node that is not Ready is told about already. */
export function judgeServers({ servers, nodes }: ClusterView): Finding[] {
  const away = new Set(nodes.flatMap(({ name, notReady }) => (notReady === undefined ? [] : [name])));
  const dumb = nodes
    .filter(({ controlPlane, name }) => controlPlane && !servers.some((server) => server.name === name))
    .map(({ name }) => ({ name, failure: "the cluster has no pod of it" }));
  return [...servers, ...dumb].filter(({ failure, name }) => failure !== undefined && !away.has(name)).map(silent);
}

function silent({ name, failure }: Pick<ServerView, "name" | "failure">): Finding {
  return {
    check: "UpgradeControlPlanes",
    node: name,
    text: `has an API server that does not answer as it should: ${failure}`,
    remedy: "look at /var/log/pods on it, or take it out of the program in a run of its own first",
  };
}

const check = "UpgradeEtcd";

function alarms({ etcd, nodes }: ClusterView): Finding[] {
  return etcd.alarms.map(({ memberId, alarm }) => {
    const member = etcd.members.find(({ id }) => id === memberId);
    const remedy =
      alarm === "NOSPACE"
        ? "make room: compact and defragment etcd, or raise its quota (quota-backend-bytes), then `etcdctl alarm disarm`"
        : "its data is damaged: take that control plane out of the program, then put it back";
    return { check, ...nodeOf(member, nodes), text: `has etcd's alarm ${alarm}`, remedy };
  });
}

function members({ etcd, nodes }: ClusterView): Finding[] {
  const away = new Set(nodes.flatMap(({ name, notReady }) => (notReady === undefined ? [] : [name])));
  return etcd.members.flatMap((member): Finding[] => {
    const node = nodes.find((one) => isOf(member, one));
    const at = { check, ...nodeOf(member, nodes) };
    if (!node)
      return [
        {
          check,
          text: `has an etcd member that is no node of it: ${titleOf(member)}`,
          remedy: `remove it, when no etcd of this cluster is wanted there: \`etcdctl member remove ${member.id}\` on a living control plane`,
        },
      ];
    if (member.learner)
      return [
        {
          ...at,
          text: "is still a learner of etcd: its join did not end",
          remedy: "run `pulumi up` with the former version first, which ends it",
        },
      ];
    // A member with an alarm says of itself that it is not well.
    const alarmed = etcd.alarms.some(({ memberId }) => memberId === member.id);
    if (etcd.healthy.has(member.id) || alarmed || away.has(node.name)) return [];
    return [
      {
        ...at,
        text: "has an etcd member that is not healthy",
        remedy: "look at /var/log/pods on it, or take it out of the program in a run of its own first",
      },
    ];
  });
}

function memberless({ etcd, nodes }: ClusterView): Finding[] {
  return nodes
    .filter((node) => node.controlPlane && !etcd.members.some((member) => isOf(member, node)))
    .map(({ name }) => ({
      check,
      node: name,
      text: "is a control plane without a member of etcd: its removal did not end, or its member was removed by hand",
      remedy: "take it out of the program, run `pulumi up`, and put it back",
    }));
}

/** From 3.5 to 3.6 only when all that are still at 3.5 are the same one, and late enough; of one minor they may differ. */
function versions({ etcd, nodes }: ClusterView, { to }: UpgradeWish): Finding[] {
  const next = semver.coerce(companions(to).etcd);
  if (next === null) return [];
  const before = etcd.status.filter(({ version }) => semver.valid(version) && minor(version) !== minor(next.version));
  const found = new Set(before.map(({ version }) => version));
  const name = ({ memberId }: { memberId: string }): string =>
    nodeOf(
      etcd.members.find(({ id }) => id === memberId),
      nodes,
    ).node ?? memberId;
  const list = before.map((status) => `${name(status)} ${status.version}`).join(", ");
  const same = "finish the upgrade that was begun, or bring all to one patch release of the former minor first";
  if (found.size > 1)
    return [
      { check, text: `runs etcd of different versions (${list}) before the step to ${next.version}`, remedy: same },
    ];
  return before
    .filter(({ version }) => minor(version) === "3.5" && semver.lt(version, oldestBefore36))
    .map((status) => ({
      check,
      node: name(status),
      text: `runs etcd ${status.version}; the step to ${next.version} needs ${oldestBefore36} or later`,
      remedy: "upgrade to a later patch release of the minor that runs first",
    }));
}

const minor = (version: string): string => version.split(".").slice(0, 2).join(".");

function isOf({ name, peerUrls }: EtcdMember, node: NodeView): boolean {
  if (name !== "") return name === node.name;
  const own = node.addresses.map((address) => `https://${address.includes(":") ? `[${address}]` : address}:`);
  return peerUrls.some((url) => own.some((start) => url.startsWith(start)));
}

function nodeOf(member: EtcdMember | undefined, nodes: readonly NodeView[]): { node?: string } {
  const node = member && nodes.find((one) => isOf(member, one));
  return node ? { node: node.name } : {};
}
