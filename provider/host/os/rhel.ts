// RHEL, Rocky, Alma, CentOS Stream, Oracle, Amazon and Fedora.

import type { OperatingSystem, PackageCommand } from "./os";
import { atLeast } from "./release";

const env = { LC_ALL: "C.UTF-8" };
// As dnf writes names of files: <name>-<version>-<release>.<arch>.rpm
const fileName = /^(.+)-[^-]+-[^-]+\.[^.]+\.rpm$/;

function dnf(...args: string[]): PackageCommand {
  // exit_on_lock=False waits for another dnf; the command's own deadline ends the wait.
  const options = ["exit_on_lock=False", "install_weak_deps=False", "clean_requirements_on_remove=False"];
  return {
    argv: ["dnf", "--assumeyes", "--quiet", ...options.map((o) => `--setopt=${o}`), ...args],
    env,
    mustFinish: true,
  };
}

export const rhel: OperatingSystem = {
  family: "rhel",
  supported: "RHEL, Rocky, Alma, Oracle Linux and CentOS Stream 9 and later, Fedora 40 and later, Amazon Linux 2023",
  supports: (release) => {
    if (release.id === "fedora") return atLeast(release.version, "40");
    return atLeast(release.version, release.id === "amzn" ? "2023" : "9");
  },
  architecture: (architecture) => (architecture === "amd64" ? "x86_64" : "aarch64"),
  requiredPackages: () => [
    "ca-certificates",
    "conntrack-tools",
    // What the SELinux rules of pods and of the runtime's directories come from.
    "container-selinux",
    "ethtool",
    "iproute",
    "iproute-tc",
    "iptables-nft",
    "kmod",
    "openssl",
    "procps-ng",
    "socat",
    "tar",
    "util-linux",
  ],
  frontPackages: ["keepalived", "haproxy"],
  runtimePackages: ["containerd.io", "containerd"],
  packageSuffix: ".rpm",
  packageOfFile: (file) => fileName.exec(file)?.[1] ?? file,
  listInstalled: {
    argv: ["rpm", "--query", "--all", "--queryformat", "%{NAME}\\t%{VERSION}-%{RELEASE}\\n"],
    env,
    mustFinish: false,
  },
  parseInstalled: (stdout) => {
    const rows = stdout.split("\n").map((line) => line.split("\t"));
    return new Map(rows.flatMap(([name, version]) => (name && version ? [[name, version]] : [])));
  },
  refresh: undefined,
  install: (names) => dnf("install", ...names),
  installLocal: (paths) => dnf("--disablerepo=*", "install", ...paths),
  testRemove: (names) => ({ argv: ["rpm", "--erase", "--test", ...names], env, mustFinish: false }),
  // rpm names what is missed, a library or a file, not the package that holds it.
  neededIn: () => [],
  remove: (names) => dnf("remove", ...names),
};
