// What a check is: facts in, problems out. Pure; nothing here knows a connection.
import type { Facts } from "../host/facts";
import type { Holder } from "../host/whoHas";
import type { RemovedNames } from "../kubeadm/removed";

/** A machine that is to become a node. */
export interface Candidate {
  name: string;
  address: string;
  /** As it was recorded when the machine was first met. */
  machineId: string;
  facts: Facts;
  controlPlane: boolean;
  /** The host's name, where the program sets one. */
  hostname?: string | undefined;
  /** "off": the preparation turns it off; "allow": the kubelet is told to live with it. */
  swap?: "off" | "allow" | undefined;
  failCgroupV1?: boolean | undefined;
  /** A node already, that is looked at again: only for what comes with another version. */
  member?: boolean | undefined;
}

/** A machine that is a node already. */
export interface Peer {
  name: string;
  machineId: string;
  address: string;
}

/** What all of them are measured by. */
export interface Fleet {
  clusterId: string;
  kubernetesVersion: string;
  candidates: readonly Candidate[];
  peers: readonly Peer[];
  /** Offsets of clocks of hosts that are part of the cluster already, in milliseconds. */
  clusterClocks: readonly number[];
  virtualIp?: VirtualIp | undefined;
  /** Another version is to come onto the members. */
  upgrade?: boolean | undefined;
  /** Names of nodes that were taken out without their host, as the cluster says. */
  removed?: RemovedNames | undefined;
}

/** The API's virtual address, where the cluster has one. */
export interface VirtualIp {
  address: string;
  port: number;
  /** Who one of the control planes saw there; only looked for before the cluster has it. */
  seen?: { by: string; holder: Holder } | undefined;
}

export interface Problem {
  /** As in the table of checks. */
  check: string;
  /** Goes on after the host's name: "has 512 MB of memory, ...". */
  text: string;
  remedy: string;
  warning?: boolean;
}

export type Check = (candidate: Candidate, fleet: Fleet) => Problem[];

/** The host carries the mark of this cluster: what a node brings with it is no surprise there. */
export function isOurs({ facts }: Candidate, { clusterId }: Fleet): boolean {
  const { claim } = facts.kubernetes;
  return typeof claim === "object" && claim.clusterId === clusterId;
}

export function role(candidate: Candidate): string {
  return candidate.controlPlane ? "a control plane" : "a worker";
}
