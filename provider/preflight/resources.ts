// CPUs, memory, disk and swap: kubeadm's own limits, and room for what the node brings with it.
import { type Candidate, type Check, isOurs, type Problem, role } from "./check";

type Room = Record<string, { controlPlane: number; worker: number }>;

const memoryMB = { controlPlane: 1700, worker: 700 };
/** Programs, staged files, images, pods' and etcd's data of a fresh node. */
const freeMiB: Room = {
  "/usr/local": { controlPlane: 512, worker: 512 },
  "/var/lib": { controlPlane: 512, worker: 512 },
  "/var/lib/containerd": { controlPlane: 2048, worker: 2048 },
  "/var/lib/kubelet": { controlPlane: 256, worker: 256 },
  "/var/lib/etcd": { controlPlane: 512, worker: 0 },
};

/** Programs and images of another version beside those that run, and what an upgrade keeps to go back to. */
const upgradeMiB: Room = {
  "/usr/local": { controlPlane: 256, worker: 256 },
  "/var/lib": { controlPlane: 256, worker: 256 },
  "/var/lib/containerd": { controlPlane: 1024, worker: 384 },
};

export const enoughCpus: Check = (candidate) => {
  const needed = candidate.controlPlane ? 2 : 1;
  const { cpus } = candidate.facts;
  if (cpus >= needed) return [];
  return [
    {
      check: "NumCPU",
      text: `has ${cpus} CPU${cpus === 1 ? "" : "s"}, ${role(candidate)} needs ${needed}`,
      remedy: "give it more CPUs",
    },
  ];
};

export const enoughMemory: Check = (candidate) => {
  const needed = candidate.controlPlane ? memoryMB.controlPlane : memoryMB.worker;
  const has = Math.floor((candidate.facts.memoryMiB * 1024 * 1024) / 1e6);
  if (has >= needed) return [];
  return [
    {
      check: "Mem",
      text: `has ${has} MB of memory, ${role(candidate)} needs ${needed} MB`,
      remedy: "give it more memory",
    },
  ];
};

export const enoughDisk: Check = (candidate, fleet) => {
  // A node's own images and programs are what fills the disk of a host that is one of ours.
  if (isOurs(candidate, fleet)) return [];
  return lacking(candidate, freeMiB, role(candidate));
};

export const roomForUpgrade: Check = (candidate, { upgrade, kubernetesVersion }) =>
  upgrade ? lacking(candidate, upgradeMiB, `the upgrade to ${kubernetesVersion}`) : [];

function lacking(candidate: Candidate, room: Room, what: string): Problem[] {
  return fileSystems(candidate, room).flatMap(({ mount, free, needed, paths }) => {
    if (free >= needed) return [];
    const text = `has ${free} MiB free on ${mount}, ${what} needs ${needed} MiB there for ${paths.join(", ")}`;
    return [{ check: "Disk", text, remedy: `make room on ${mount}` }];
  });
}

/** What is needed, summed up per file system. */
function fileSystems({ facts, controlPlane }: Candidate, room: Room) {
  const found = new Map<string, { mount: string; free: number; needed: number; paths: string[] }>();
  for (const [path, limits] of Object.entries(room)) {
    const disk = facts.disk[path];
    const needed = controlPlane ? limits.controlPlane : limits.worker;
    if (disk === undefined || needed === 0) continue;
    const all = found.get(disk.mount) ?? { mount: disk.mount, free: disk.freeMiB, needed: 0, paths: [] };
    found.set(disk.mount, { ...all, needed: all.needed + needed, paths: [...all.paths, path] });
  }
  return [...found.values()];
}

export const swapIsOff: Check = ({ facts, swap }) => {
  if (facts.swap.length === 0 || swap !== undefined) return [];
  const what = facts.swap.map(({ device, sizeMiB }) => `${device}, ${sizeMiB} MiB`).join("; ");
  return [
    {
      check: "Swap",
      text: `swaps (${what}), which the kubelet refuses`,
      remedy:
        'set the node\'s `swap` to "off" to have it turned off for as long as the node lives, or to "allow" to keep it',
    },
  ];
};
