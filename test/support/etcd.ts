// etcd as its own tool shows it, run in the pod of a member.
import { etcdctlCommand } from "../../provider/steps/etcd/client";
import { type EtcdMember, parseMembers, parseStatus } from "../../provider/steps/etcd/members";
import type { Workstation } from "./workstation";

export async function etcdctl(kubectl: Workstation, node: string, ...words: string[]): Promise<string> {
  const command = [...etcdctlCommand.split(" "), ...words];
  return await kubectl.run("exec", "-n", "kube-system", `etcd-${node}`, "--", ...command);
}

/** By their names, as one node's member knows them. */
export async function etcdMembers(kubectl: Workstation, node: string): Promise<EtcdMember[]> {
  const members = parseMembers(await etcdctl(kubectl, node, "member", "list", "-w", "json"));
  return members.sort((one, other) => one.name.localeCompare(other.name));
}

export async function etcdLeader(kubectl: Workstation, node: string): Promise<string> {
  const [own] = parseStatus(await etcdctl(kubectl, node, "endpoint", "status", "-w", "json"));
  return (await etcdMembers(kubectl, node)).find(({ id }) => id === own?.leaderId)?.name ?? "";
}
