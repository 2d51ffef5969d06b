// Every check by name: what users write into `preflight.ignore`. Where kubeadm means the same, the name is kubeadm's.
import type { KernelFeature } from "../host/factsWanted";

export interface CheckInfo {
  readonly name: string;
  readonly meaning: string;
  /** False: what it finds is never acceptable. */
  readonly waivable: boolean;
  /** Only told, never a reason to stop. */
  readonly warning?: boolean;
  /** kubeadm's name for the whole group; waiving it waives this one too. */
  readonly group?: "SystemVerification";
}

const controlPlanePorts = [6443, 10257, 10259, 2379, 2380] as const;
const nodePorts = [10250, 10256] as const;

/** TCP ports that the parts of a node listen on; `virtual`: that of the API's virtual address. */
export function portsOf(controlPlane: boolean, virtual?: number): readonly number[] {
  if (!controlPlane) return nodePorts;
  return [...new Set([...controlPlanePorts, ...nodePorts, ...(virtual === undefined ? [] : [virtual])])];
}

/** Any one of a row is enough. */
export const neededFeatures: readonly { name: KernelFeature; or?: KernelFeature; why: string }[] = [
  { name: "overlay", why: "containerd's snapshots" },
  { name: "br_netfilter", why: "Services reached over a bridge" },
  { name: "nf_conntrack", why: "Services" },
  { name: "nf_tables", or: "ip_tables", why: "kube-proxy's rules" },
  { name: "vxlan", why: "Flannel's network between nodes" },
];
export const neededControllers = ["cpu", "cpuset", "memory"] as const;

const waivable = true;
const group = "SystemVerification";

export const checkTable: readonly CheckInfo[] = [
  { name: "Unreachable", meaning: "the host answers, with the key and to the credentials it should", waivable: false },
  { name: "Facts", meaning: "the host can be looked at", waivable: false },
  { name: "IsPrivilegedUser", meaning: "commands run as root, directly or through sudo", waivable: false },
  { name: "OtherCluster", meaning: "the machine is no part of another cluster", waivable: false },
  { name: "OtherNode", meaning: "the machine is not another node of this cluster", waivable: false },
  { name: "NodeAgent", meaning: "no agent of virtual nodes is on a control plane", waivable: false },
  { name: "SameMachine", meaning: "the machine is the one whose machine-id was recorded", waivable: false },
  { name: "OperatingSystem", meaning: "family and version of the operating system are supported", waivable },
  { name: "Architecture", meaning: "the machine is amd64 or arm64", waivable },
  { name: "Systemd", meaning: "systemd runs the machine", waivable },
  { name: "FileExisting-ip", meaning: "the program `ip` is there", waivable },
  { name: "NumCPU", meaning: "2 CPUs for a control plane", waivable },
  { name: "Mem", meaning: "1700 MB of memory for a control plane, 700 MB for a worker", waivable },
  { name: "Disk", meaning: "enough free space for programs, images and data", waivable },
  { name: "Swap", meaning: "no swap, unless the node's `swap` allows it", waivable },
  { name: "KernelVersion", meaning: "Linux 4.19 or later", waivable, group },
  { name: "CgroupVersion", meaning: "cgroup v2, or a kubelet that is told to accept v1", waivable },
  ...neededControllers.map(
    (name) => ({ name: `Cgroup-${name}`, meaning: `the cgroup controller ${name} is on`, waivable, group }) as const,
  ),
  ...neededFeatures.map(
    ({ name, why }) =>
      ({ name: `Kernel-${name}`, meaning: `the kernel has ${name}, for ${why}`, waivable, group }) as const,
  ),
  { name: "DefaultRoute", meaning: "there is a default route", waivable },
  { name: "Nameserver", meaning: "the host's resolv.conf names a name server, for CoreDNS to ask", waivable },
  { name: "Hostname", meaning: "the host resolves its own name", waivable },
  { name: "Address", meaning: "the node's address is the host's own", waivable },
  ...portsOf(true, 8443).map(
    (port) => ({ name: `Port-${port}`, meaning: `nothing listens on TCP port ${port}`, waivable }) as const,
  ),
  { name: "VirtualIP", meaning: "nobody has the API's virtual address yet", waivable },
  { name: "VirtualIPNetwork", meaning: "the API's virtual address is in a network of the control planes", waivable },
  { name: "UniqueHostname", meaning: "no two nodes have the same host name", waivable },
  { name: "UniqueMachineID", meaning: "no two nodes have the same machine-id", waivable },
  { name: "UniqueAddress", meaning: "no two nodes have the same address", waivable },
  { name: "ClockSkew", meaning: "clocks are at most 30 seconds apart", waivable },
  {
    name: "UpgradeVersions",
    meaning: "what runs may come before the new version, and stand beside it",
    waivable: false,
  },
  {
    name: "UpgradeControlPlanes",
    meaning: "every control plane is Ready, and its API server answers",
    waivable: false,
  },
  { name: "UpgradeWorkers", meaning: "fewer workers are away than `upgrade.maxUnavailable` allows", waivable: false },
  {
    name: "UpgradeEtcd",
    meaning: "every member of etcd is well, explained, and fit for the next one",
    waivable: false,
  },
  { name: "UpgradeDeprecatedAPIs", meaning: "nobody asks for an API that the new version no longer has", waivable },
  {
    name: "UpgradeBudgets",
    meaning: "no disruption budget holds a drain back, unless `drain.onBlocked` decides",
    waivable,
  },
  { name: "UniqueProductUUID", meaning: "no two nodes have the same product uuid", waivable, warning: true },
  { name: "Firewall", meaning: "no firewall that has to be opened by hand", waivable, warning: true },
  {
    name: "WorkstationClock",
    meaning: "the clock of the machine that runs Pulumi agrees with the hosts'",
    waivable,
    warning: true,
  },
];

const byName = new Map(checkTable.map((info) => [info.name, info]));

/** Names count in any case, and "all" is every one, as with kubeadm. */
export function isWaived(check: string, ignore: readonly string[]): boolean {
  // A virtual address has a port of the user's choice.
  const info = byName.get(check) ?? (check.startsWith("Port-") ? byName.get("Port-8443") : undefined);
  if (!info?.waivable) return false;
  const said = ignore.map((name) => name.toLowerCase());
  return ["all", check.toLowerCase(), info.group?.toLowerCase()].some(
    (name) => name !== undefined && said.includes(name),
  );
}
