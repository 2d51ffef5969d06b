// Which versions of the other programs belong to a version of Kubernetes, and which are installed by default.
import versions from "../../versions.json";
import { minorOf, normalVersion, parseVersion } from "./versions";

/** Image tags that kubeadm of one version asks for. */
export interface Companions {
  etcd: string;
  coredns: string;
  pause: string;
}

/** From kubeadm's own constants; `since` is the first patch release with these, latest first. */
const byMinor: Readonly<Record<string, readonly (Companions & { since: number })[]>> = {
  "1.36": [{ since: 0, etcd: "3.6.8-0", coredns: "v1.14.2", pause: "3.10.2" }],
  "1.35": [{ since: 0, etcd: "3.6.6-0", coredns: "v1.13.1", pause: "3.10.1" }],
  "1.34": [
    { since: 2, etcd: "3.6.5-0", coredns: "v1.12.1", pause: "3.10.1" },
    { since: 0, etcd: "3.6.4-0", coredns: "v1.12.1", pause: "3.10.1" },
  ],
  "1.33": [
    { since: 6, etcd: "3.5.24-0", coredns: "v1.12.0", pause: "3.10" },
    { since: 0, etcd: "3.5.21-0", coredns: "v1.12.0", pause: "3.10" },
  ],
};

const pinned: Readonly<Record<string, Companions | undefined>> = versions.kubernetes.versions;

/** What was pinned for exactly this version, else what its minor is known to want. */
export function companions(kubernetesVersion: string): Companions {
  const exact = pinned[normalVersion(kubernetesVersion)];
  if (exact !== undefined) return exact;
  const patch = parseVersion(kubernetesVersion)?.patch ?? 0;
  const found = byMinor[minorOf(kubernetesVersion)]?.find(({ since }) => patch >= since);
  if (found === undefined) throw new RangeError(`Kubernetes ${kubernetesVersion} is not known to this release`);
  const { etcd, coredns, pause } = found;
  return { etcd, coredns, pause };
}

/** What is installed where the program does not say; without "v". */
export const defaultVersions = {
  kubernetes: versions.kubernetes.default,
  containerd: versions.containerd,
  runc: versions.runc,
  cniPlugins: versions.cniPlugins,
  flannel: versions.flannel.version,
  flannelCniPlugin: versions.flannel.cniPlugin,
} as const;

/** What holds the API's virtual address where the program says kube-vip and names no image. */
export const kubeVipImage = `ghcr.io/kube-vip/kube-vip:v${versions.kubeVip}`;
