// Debian, Ubuntu and what is built on them.

import type { OperatingSystem, PackageCommand } from "./os";
import { atLeast } from "./release";

const env = { DEBIAN_FRONTEND: "noninteractive", NEEDRESTART_SUSPEND: "1", LC_ALL: "C.UTF-8" };

function apt(lockSeconds: number, ...args: string[]): PackageCommand {
  // confdef and confold: a configuration file the user changed stays as it is, without a question.
  const options = [
    `DPkg::Lock::Timeout=${lockSeconds}`,
    "Dpkg::Options::=--force-confdef",
    "Dpkg::Options::=--force-confold",
    "APT::Get::AutomaticRemove=false",
    "Acquire::Retries=3",
  ];
  return { argv: ["apt-get", "--yes", "-qq", ...options.flatMap((o) => ["-o", o]), ...args], env, mustFinish: true };
}

// The caches stay in memory, or the system's own would be replaced by ones that know no repository.
const noRepositories = [
  "Dir::Etc::SourceList=/dev/null",
  "Dir::Etc::SourceParts=/dev/null",
  "Dir::Cache::pkgcache=",
  "Dir::Cache::srcpkgcache=",
].flatMap((option) => ["-o", option]);

const installedFormat = `${["db:Status-Abbrev", "Package", "Version"].map((field) => `\${${field}}`).join("\\t")}\\n`;

export const debian: OperatingSystem = {
  family: "debian",
  supported: "Debian 11 and later, Ubuntu 22.04 and later",
  supports: ({ id, version }) => {
    if (id === "debian") return version === "" || atLeast(version, "11");
    return id !== "ubuntu" || atLeast(version, "22.04");
  },
  architecture: (architecture) => architecture,
  requiredPackages: () => [
    "ca-certificates",
    "conntrack",
    "ethtool",
    "iproute2",
    "iptables",
    "kmod",
    "mount",
    "openssl",
    "procps",
    "socat",
    "util-linux",
  ],
  frontPackages: ["keepalived", "haproxy"],
  runtimePackages: ["containerd.io", "containerd"],
  packageSuffix: ".deb",
  packageOfFile: (file) => file.split("_", 1)[0] ?? file,
  listInstalled: {
    argv: ["dpkg-query", "--show", "--showformat", installedFormat],
    env: { LC_ALL: "C.UTF-8" },
    mustFinish: false,
  },
  parseInstalled: (stdout) => {
    const rows = stdout.split("\n").map((line) => line.split("\t"));
    // The second letter is what is there now: i means installed, everything else is a rest or half of a package.
    return new Map(
      rows.flatMap(([state, name, version]) => (state?.[1] === "i" && name && version ? [[name, version]] : [])),
    );
  },
  refresh: apt(300, "update"),
  install: (names, lock) => apt(lock, "install", "--no-install-recommends", "--no-upgrade", ...names),
  // Without any list of repositories apt sees the files alone, and says which dependency is missing instead of looking for it.
  installLocal: (paths, lock) => apt(lock, ...noRepositories, "install", "--no-install-recommends", ...paths),
  testRemove: (names) => ({ argv: ["dpkg", "--no-act", "--purge", ...names], env: { LC_ALL: "C" }, mustFinish: false }),
  neededIn: (errors) =>
    [...errors.matchAll(/prevent removal of ([^\s:]+)/g)].flatMap(([, name]) => (name ? [name] : [])),
  remove: (names, lock) => apt(lock, "purge", ...names),
};
