// etcd as its own tool shows it, run in the pod of a member.
import type { Workstation } from "./workstation";

const pki = "/etc/kubernetes/pki/etcd";
const access = [
  "--endpoints=https://127.0.0.1:2379",
  ...[`--cacert=${pki}/ca.crt`, `--cert=${pki}/server.crt`, `--key=${pki}/server.key`],
];

export interface EtcdMember {
  /** In hexadecimal. */
  id: string;
  name: string;
  clientUrl: string;
  votes: boolean;
}

export async function etcdctl(kubectl: Workstation, node: string, ...words: string[]): Promise<string> {
  return await kubectl.run("exec", "-n", "kube-system", `etcd-${node}`, "--", "etcdctl", ...access, ...words);
}

/** By their names, as one node's member knows them. */
export async function etcdMembers(kubectl: Workstation, node: string): Promise<EtcdMember[]> {
  const lines = (await etcdctl(kubectl, node, "member", "list")).trim().split("\n");
  return lines
    .map((line) => line.split(", "))
    .map(([id = "", , name = "", , clientUrl = "", learner]) => ({ id, name, clientUrl, votes: learner === "false" }))
    .sort((one, other) => one.name.localeCompare(other.name));
}

export async function etcdLeader(kubectl: Workstation, node: string): Promise<string> {
  // As text: the ids are larger than what a number of JavaScript holds.
  const status = await etcdctl(kubectl, node, "endpoint", "status", "--write-out=json");
  const id = BigInt(/"leader":(\d+)/.exec(status)?.[1] ?? 0).toString(16);
  return (await etcdMembers(kubectl, node)).find((member) => member.id === id)?.name ?? "";
}
