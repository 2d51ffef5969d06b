// What a host is, as plain data: everything that checks and decisions look at, read in one round trip.

import { deadline, type Target, type Timeouts } from "../kubeadm/spec";
import { StepError } from "../lib/errors";
import type { Progress } from "../lib/progress";
import { factsScript } from "./factsScript";
import type { KernelFeature } from "./factsWanted";
import type { Host } from "./host";
import { withHost } from "./open";
import type { OsRelease } from "./os/os";
import { parseFacts } from "./parseFacts";

export interface Address {
  link: string;
  address: string;
  prefix: number;
  family: 4 | 6;
  /** "global", "link" or "host". */
  scope: string;
}

export interface DefaultRoute {
  family: 4 | 6;
  link: string;
  /** What the host sends from where nothing else is said; undefined where the link has no address of that family. */
  source: string | undefined;
  metric: number;
}

export interface Listener {
  port: number;
  /** Holds of it what could be found out. */
  process: string | undefined;
  pid: number | undefined;
}

export interface Facts {
  os: OsRelease;
  /** As `uname -m` says: "x86_64", "aarch64". */
  architecture: string;
  kernel: string;
  hostname: string;
  /** Commands run as root, whichever way. */
  root: boolean;
  /** The name of process 1 where it is not systemd. */
  init: string;
  machineId: string;
  /** Empty where the firmware has none. */
  productUuid: string;
  cpus: number;
  memoryMiB: number;
  /** By path ("/var/lib/containerd"): what is free on the file system it is or would be on. */
  disk: Record<string, { freeMiB: number; mount: string }>;
  /** Devices and files that are swapped to now. */
  swap: { device: string; sizeMiB: number }[];
  selinux: "enforcing" | "permissive" | "off";
  cgroup: { version: 1 | 2; controllers: string[] };
  features: Record<KernelFeature, "present" | "loadable" | "missing">;
  /** Addresses that the host's own name resolves to on itself. */
  resolves: string[];
  /** Name servers that pods with the host's DNS would ask, CoreDNS first of all. */
  nameservers: string[];
  addresses: Address[];
  /** Preferred ones first. */
  routes: DefaultRoute[];
  listening: Listener[];
  /** Programs found, with the line they print about their version. */
  programs: Record<string, { path: string; version: string }>;
  /** Firewalls that are switched on. */
  firewalls: string[];
  /** Active units of those we ask for. */
  units: string[];
  /** Those of the packages we ask for that are installed: name to version. */
  packages: Record<string, string>;
  kubernetes: {
    /** Files and directories that a cluster leaves on its hosts. */
    found: string[];
    /** The API server its kubelet belongs to. */
    server: string;
    /** "unreadable": there is one, and nobody can say whose. */
    claim: { clusterId: string; node: string } | "unreadable" | undefined;
  };
  /** Names of virtual nodes whose agents lie there. */
  agents: string[];
  /** The host's clock minus ours, and how far that can be off. */
  clock: { offsetMs: number; uncertaintyMs: number };
}

/** Long enough for a slow name server, which is asked for the host's own name. */
const least = 30_000;

export async function gatherFacts(host: Host, timeouts?: Timeouts): Promise<Facts> {
  const begun = Date.now();
  const { stdout } = await host.sh(factsScript, [], { timeoutMs: Math.max(least, deadline(timeouts, "command")) });
  const ended = Date.now();
  try {
    return parseFacts(host.label, stdout, { begun, ended });
  } catch (error) {
    throw StepError.of(host.label, "look at the host", error);
  }
}

/** Facts of a host that nothing else is done on. */
export async function lookAt(
  name: string,
  target: Target,
  timeouts: Timeouts | undefined,
  progress: Progress,
): Promise<Facts> {
  return withHost({ name, target, timeouts, progress, exclusive: false }, (host) => gatherFacts(host, timeouts));
}
