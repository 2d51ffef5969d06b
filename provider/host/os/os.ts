// What differs between operating systems, and nothing else: package names and the package manager's commands, as data.
import { debian } from "./debian";
import { rhel } from "./rhel";

/** As Kubernetes, containerd and the bundle name it. */
export type Architecture = "amd64" | "arm64";

/** The lines of /etc/os-release that tell systems apart. */
export interface OsRelease {
  /** "debian", "ubuntu", "rocky" ... */
  readonly id: string;
  /** "12", "24.04", "9.4"; empty on rolling releases. */
  readonly version: string;
  /** ID_LIKE, e.g. ["rhel", "centos", "fedora"]. */
  readonly like: readonly string[];
  /** "bookworm"; empty where there is none. */
  readonly codename: string;
  /** For messages: "Debian GNU/Linux 12 (bookworm)". */
  readonly pretty: string;
}

/** For Host.run: everything that makes a package manager ask nothing and wait for its lock is in it already. */
export interface PackageCommand {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Ending a package manager half-way breaks the host: goes into RunOptions. */
  readonly mustFinish: boolean;
}

export interface OperatingSystem {
  readonly family: "debian" | "rhel";
  /** For messages: which releases we know to work. */
  readonly supported: string;
  supports(release: OsRelease): boolean;
  /** How this family writes an architecture: "amd64" or "x86_64". */
  architecture(architecture: Architecture): string;
  /** What kubelet, kubeadm and kube-proxy call or need beside the runtime. */
  requiredPackages(release: OsRelease): readonly string[];
  /** What holds the API's virtual address on control planes: keepalived and haproxy. */
  readonly frontPackages: readonly string[];
  /** Packages that hold a container runtime we can keep, best first. */
  readonly runtimePackages: readonly string[];
  /** ".deb" or ".rpm": what the bundle's tree holds. */
  readonly packageSuffix: string;
  /** The package's name in the name of its file: "conntrack" of "conntrack_1.4.7-1+b2_amd64.deb". */
  packageOfFile(file: string): string;
  /** Prints one installed package per line, for parseInstalled. */
  readonly listInstalled: PackageCommand;
  /** Name to version. */
  parseInstalled(stdout: string): Map<string, string>;
  /** Looks for newer package lists; undefined where installing does that by itself. */
  readonly refresh: PackageCommand | undefined;
  /** From the distribution's repositories; what is installed stays at its version. */
  install(names: readonly string[], lockSeconds: number): PackageCommand;
  /** From files on the host, without any repository: the files hold every dependency that may be missing. */
  installLocal(paths: readonly string[], lockSeconds: number): PackageCommand;
  /** Fails, and changes nothing, where something else that is installed needs one of these. */
  testRemove(names: readonly string[]): PackageCommand;
  /** Those of the names that testRemove's errors say are needed; empty where they do not say. */
  neededIn(errors: string): readonly string[];
  /** Exactly these: nothing that came with them or depends on nothing else any more. */
  remove(names: readonly string[], lockSeconds: number): PackageCommand;
}

export const operatingSystems: readonly OperatingSystem[] = [debian, rhel];

/** undefined: a family we do not know. */
export function operatingSystem(release: OsRelease): OperatingSystem | undefined {
  const ids = [release.id, ...release.like];
  if (ids.some((id) => id === "debian" || id === "ubuntu")) return debian;
  return ids.some((id) => ["rhel", "fedora", "centos"].includes(id)) ? rhel : undefined;
}

/** Where a bundle keeps the packages that every node of one system needs, with all they depend on. */
export function packagesOf(release: OsRelease, architecture: Architecture): string {
  return `packages/${packageTree(release, architecture)}`;
}

/** Beside them those for the API's virtual address, so that only the control planes that hold it get them. */
export function frontPackagesOf(release: OsRelease, architecture: Architecture): string {
  return `packages/front/${packageTree(release, architecture)}`;
}

/** "debian/12/amd64". Minor releases share a tree where the family promises it. */
export function packageTree(release: OsRelease, architecture: Architecture): string {
  const family = operatingSystem(release)?.family;
  const version = family === "rhel" ? (release.version.split(".")[0] ?? "") : release.version;
  return [release.id, version || release.codename || "rolling", architecture].join("/");
}
