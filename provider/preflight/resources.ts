// CPUs, memory, disk and swap: kubeadm's own limits, and room for what the node brings with it.
import { type Check, isOurs, role } from "./check";

const memoryMB = { controlPlane: 1700, worker: 700 };
/** Programs and images of a node, with what the kubelet wants to keep free. */
const freeMiB = { "/var/lib": { controlPlane: 3072, worker: 2048 }, "/": { controlPlane: 1024, worker: 1024 } };

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
  const reported = new Set<string>();
  return Object.entries(freeMiB).flatMap(([path, limits]) => {
    const disk = candidate.facts.disk[path];
    const needed = candidate.controlPlane ? limits.controlPlane : limits.worker;
    if (disk === undefined || disk.freeMiB >= needed || reported.has(disk.mount)) return [];
    reported.add(disk.mount);
    const text = `has ${disk.freeMiB} MiB free for ${path} (on ${disk.mount}), ${role(candidate)} needs ${needed} MiB`;
    return [{ check: "Disk", text, remedy: `make room on ${disk.mount}` }];
  });
};

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
