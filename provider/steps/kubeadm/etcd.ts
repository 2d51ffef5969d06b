// etcd through the pod of a living control plane: no etcdctl is needed on any host.
import type { LivingControlPlane } from "../../host/reach";
import { RefusedError, UserError } from "../../lib/errors";
import { type EtcdMember, mayNotLeave, memberOf, parseMembers } from "./etcdMembers";

const pki = "/etc/kubernetes/pki/etcd";
const tls = ["--cacert", `${pki}/ca.crt`, "--cert", `${pki}/server.crt`, "--key", `${pki}/server.key`];

export interface Leaving {
  name: string;
  address: string;
  /** Only looked at and refused where it must be; nothing is removed. */
  onlyCheck?: boolean;
}

/** Takes a control plane's member out while the others keep their quorum; refused where they would not. */
export async function leaveEtcd(
  peer: LivingControlPlane,
  { name, address, onlyCheck = false }: Leaving,
): Promise<void> {
  const members = await listMembers(peer);
  const leaving = memberOf(members, name, address);
  if (!leaving) return;
  const reason = mayNotLeave(members, leaving, await healthyEndpoints(peer));
  if (reason)
    throw new RefusedError(
      `${name} cannot leave etcd: ${reason}`,
      "bring the other control planes back to health first; etcd keeps its quorum through every change",
    );
  if (onlyCheck) return;
  await etcdctl(peer, ["member", "remove", leaving.id], [0]);
  if (memberOf(await listMembers(peer), name, address))
    throw new UserError(`${peer.host.label}: etcd still lists ${name} after its removal`, "run again");
}

export async function listMembers(peer: LivingControlPlane): Promise<EtcdMember[]> {
  return parseMembers((await etcdctl(peer, ["member", "list", "-w", "simple"], [0])).stdout);
}

async function healthyEndpoints(peer: LivingControlPlane): Promise<Set<string>> {
  // Exit code 1: at least one is not healthy; the list says which.
  const { stdout } = await etcdctl(peer, ["endpoint", "health", "--cluster", "-w", "json"], [0, 1]);
  const line = stdout.split("\n").find((found) => found.startsWith("["));
  const endpoints = JSON.parse(line ?? "[]") as { endpoint: string; health: boolean }[];
  return new Set(endpoints.flatMap(({ endpoint, health }) => (health ? [endpoint] : [])));
}

async function etcdctl(peer: LivingControlPlane, argv: readonly string[], ok: readonly number[]) {
  const kubectl = [
    "kubectl",
    "--kubeconfig",
    "/etc/kubernetes/admin.conf",
    "--cache-dir",
    "/run/pulumi-kubeadm/kubectl",
  ];
  const inPod = ["-n", "kube-system", "exec", `etcd-${peer.name}`, "-c", "etcd", "--"];
  const command = ["etcdctl", "--endpoints", "https://127.0.0.1:2379", ...tls, ...argv];
  return peer.host.run([...kubectl, ...inPod, ...command], { ok, timeoutMs: 30_000 });
}
