// What a virtual node's parts are called: its nodes, its labels and taints, its paths on the machine that runs the agent. Pure.
import type { Taint } from "../spec";
import { type Provider, type ProviderKind, providerKinds } from "./spec";

/** The label by which everybody knows a virtual node: kube-proxy and the CNI stay away from it. */
export const virtualType = { key: "type", value: "virtual-kubelet" } as const;

/** What the names of all programs on a machine begin with. */
export const agentPrograms = "/usr/local/bin/pulumi-virtual-kubelet";

/** By its content: agents of one machine may run different ones, and one that starts again has the one that it was given. */
export function agentProgram(sha256: string): string {
  return `${agentPrograms}-${sha256.slice(0, 12)}`;
}

/** In the package, below its directory of agents. */
export function packagedAgent(architecture: "amd64" | "arm64"): string {
  return `linux-${architecture}/pulumi-virtual-kubelet`;
}

/** In a bundle. */
export function bundledAgent(architecture: "amd64" | "arm64"): string {
  return `pulumi-kubeadm/virtual-kubelet/${packagedAgent(architecture)}`;
}

export const agentDirectory = "/etc/pulumi-kubeadm/virtual-kubelet";

export interface AgentPaths {
  directory: string;
  owner: string;
  node: string;
  provider: string;
  kubeconfig: string;
  ca: string;
  credentials: string;
  /** Keys and certificates: the one part of the directory that the agent writes. */
  certificates: string;
  /** There from the first change of what the agent reads until it was started with it. */
  restart: string;
  /** The agent's own. */
  state: string;
  unitName: string;
  unit: string;
}

export function agentPaths(name: string): AgentPaths {
  const directory = `${agentDirectory}/${name}`;
  const unitName = `pulumi-virtual-kubelet@${name}.service`;
  return {
    directory,
    owner: `${directory}/owner`,
    node: `${directory}/node.yaml`,
    provider: `${directory}/provider.yaml`,
    kubeconfig: `${directory}/kubeconfig`,
    ca: `${directory}/ca.crt`,
    credentials: `${directory}/credentials`,
    certificates: `${directory}/pki`,
    restart: `${directory}/restart`,
    state: `/var/lib/pulumi-virtual-kubelet/${name}`,
    unitName,
    unit: `/etc/systemd/system/${unitName}`,
  };
}

/** undefined: none is said, or more than one. */
export function kindOf(provider: { readonly [K in ProviderKind]?: unknown }): ProviderKind | undefined {
  const said = providerKinds.filter((kind) => provider[kind] !== undefined);
  return said.length === 1 ? said[0] : undefined;
}

/** The nodes that one agent is: itself, or for a simulation with a number that many. */
export function nodesOf(name: string, { simulated }: Pick<Provider, "simulated">): string[] {
  const count = simulated?.nodes;
  return count === undefined ? [name] : Array.from({ length: count }, (_, index) => `${name}-${index}`);
}

/** Where a simulation remembers its pods, a directory for each node. */
export function simulatedDirectory(name: string): string {
  return `${agentPaths(name).state}/pods`;
}

/** containerd's own. */
export function criSocket({ socket = "/run/containerd/containerd.sock" }: NonNullable<Provider["cri"]>): string {
  return socket;
}

/** Each node of a simulation has a key of its own. */
export function certificatesOf(name: string, node: string): string {
  const { certificates } = agentPaths(name);
  return node === name ? certificates : `${certificates}/${node}`;
}

export function providerTaintOf(kind: ProviderKind): Taint {
  return { key: "virtual-kubelet.io/provider", value: kind, effect: "NoSchedule" };
}

/** `type` the node says itself; the role is one of those labels that only a control plane may give. */
export const ownLabels: Readonly<Record<string, string>> = {
  [virtualType.key]: virtualType.value,
  "kubernetes.io/role": "agent",
};

/**
 * What tells one place from another. What runs at the former would be left alone there, so a node whose place becomes another one
 * leaves first; any other change only starts the agent anew.
 */
export function placeOf(provider: Provider): string {
  const { ssh, serial, cri, cluster } = provider;
  const parts = [
    kindOf(provider),
    // Where nothing is said of the directory it is the user's.
    ssh && [ssh.connection.host, ssh.connection.port ?? 22, ssh.directory ?? `of ${ssh.connection.user ?? "root"}`],
    serial?.device,
    cri && criSocket(cri),
    cluster && [cluster.server, cluster.context, cluster.namespace],
  ];
  return JSON.stringify(parts.map((part) => part ?? null));
}
