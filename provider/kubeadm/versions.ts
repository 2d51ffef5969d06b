// Kubernetes versions: which are supported, and which may stand beside which.
import { parse, type SemVer } from "semver";
import { isDocument } from "../lib/merge";
import { describe, type Problem } from "./problem";

/** Minors whose kubeadm, images and companions this release knows. */
export const supportedMinors = ["1.33", "1.34", "1.35", "1.36"] as const;

/** "1.34.4" or "v1.34.4"; undefined for ranges, labels and anything else that is no exact version. */
export function parseVersion(text: string): SemVer | undefined {
  const bare = text.replace(/^v/, "");
  return /^\d\S*$/.test(bare) ? (parse(bare) ?? undefined) : undefined;
}

function exact(text: string): SemVer {
  const version = parseVersion(text);
  if (version === undefined) throw new RangeError(`"${text}" is no exact version such as 1.34.4`);
  return version;
}

/** Without the "v", as users write it. */
export function normalVersion(text: string): string {
  return exact(text).version;
}

export function minorOf(text: string): string {
  const version = exact(text);
  return `${version.major}.${version.minor}`;
}

/** Whether `text` is `minor` ("1.35") or later. */
export function atLeast(text: string, minor: string): boolean {
  const version = exact(text);
  return version.compareMain(exact(`${minor}.0`)) >= 0;
}

/** The `kubernetesVersion` argument. */
export function versionProblems(text: string, path = "kubernetesVersion"): Problem[] {
  const version = parseVersion(text);
  if (version === undefined) return [{ path, reason: `"${text}" is no exact version: write it whole, such as 1.34.4` }];
  const minor = `${version.major}.${version.minor}`;
  if (supportedMinors.some((supported) => supported === minor)) return [];
  const [oldest, newest] = [supportedMinors[0], supportedMinors.at(-1)];
  return [{ path, reason: `${text} is not supported: this release knows Kubernetes ${oldest} to ${newest}` }];
}

/** Why a cluster that runs `before` cannot be made to run `after`. kubeadm goes up one minor at a time, and never down. */
export function versionChangeProblems(before: string, after: string): string[] {
  const [from, to] = [parseVersion(before), parseVersion(after)];
  const wrong = versionProblems(after).map(describe);
  if (wrong.length > 0 || from === undefined || to === undefined) return wrong;
  const change = `kubernetesVersion: from ${from.version} to ${to.version}`;
  if (to.compare(from) < 0) {
    const why = "kubeadm cannot go back to an earlier release, and etcd's data may be of the later one";
    return [`${change} is a downgrade: ${why}; keep ${from.version}, or go on to a later one`];
  }
  const skipped = minorsBehind(to, from);
  if (skipped <= 1) return [];
  const next = `${from.major}.${from.minor + 1}`;
  return [`${change} skips a minor: kubeadm upgrades one minor at a time; upgrade to a ${next} release first`];
}

/** How many minors `b` is behind `a`; negative when it is ahead. */
function minorsBehind(a: SemVer, b: SemVer): number {
  return a.major === b.major ? a.minor - b.minor : Math.sign(a.major - b.major) * Number.POSITIVE_INFINITY;
}

export interface Skew {
  /** The oldest API server of the cluster. */
  apiServer: string;
  kubelet?: string;
  kubeProxy?: string;
  kubeadm?: string;
}

/** Upstream's version skew policy; the oldest API server counts. */
export function skewProblems(skew: Skew): Problem[] {
  const server = exact(skew.apiServer);
  const rules: [name: string, version: string | undefined, most: number][] = [
    ["kubelet", skew.kubelet, 3],
    ["kube-proxy", skew.kubeProxy, 3],
    // kubeadm manages its own minor and the one before; joining needs the cluster's own.
    ["kubeadm", skew.kubeadm, 0],
  ];
  return rules.flatMap(([name, version, most]) => {
    if (version === undefined) return [];
    const behind = minorsBehind(server, exact(version));
    return behind < 0 || behind > most
      ? [{ path: "kubernetesVersion", reason: skewReason(skew.apiServer, name, version, most) }]
      : [];
  });
}

function skewReason(apiServer: string, name: string, version: string, most: number): string {
  const allowed = most === 0 ? "has to be of the same minor" : `may be up to ${most} minors behind and never ahead`;
  return `${name} ${version} does not fit the cluster's API server ${apiServer}: it ${allowed}`;
}

/**
 * From 1.35 on the kubelet refuses to start on cgroup v1 unless told otherwise.
 * @param kubeletConfiguration what the user writes over the generated one
 */
export function cgroupProblem(
  kubernetesVersion: string,
  cgroupVersion: 1 | 2,
  kubeletConfiguration: unknown,
): string | undefined {
  if (cgroupVersion === 2 || !atLeast(kubernetesVersion, "1.35")) return undefined;
  if (isDocument(kubeletConfiguration) && kubeletConfiguration.failCgroupV1 === false) return undefined;
  return `the host has cgroup v1, on which the kubelet of Kubernetes ${kubernetesVersion} does not start: boot it with cgroup v2, or set kubeadm.kubeletConfiguration.failCgroupV1 to false`;
}
