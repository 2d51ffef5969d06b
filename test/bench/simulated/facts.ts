// What the facts script prints on a fresh Debian host that lacks nothing but packages.
import { sectionMark } from "../../../provider/host/factsScript";
import { diskPaths, features } from "../../../provider/host/factsWanted";
import type { SimulatedHost } from "./host";

const osRelease = [
  'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"',
  'VERSION_ID="12"',
  "VERSION_CODENAME=bookworm",
  "ID=debian",
];

/** Installed on any system of this kind. */
export const basePackages = ["ca-certificates", "iproute2", "kmod", "mount", "openssl", "procps", "util-linux"];
/** What the host gets from the bundle. */
export const addedPackages = ["conntrack", "ethtool", "iptables", "socat"];

export function packagesOf(host: SimulatedHost): string {
  const names = host.packages ? [...basePackages, ...addedPackages] : basePackages;
  return names.map((name) => `ii \t${name}\t1.0\n`).join("");
}

export function factsOf(host: SimulatedHost): string {
  const sections: [string, string[]][] = [
    ["clock", [String(Date.now())]],
    ["os-release", osRelease],
    ["system", systemOf(host)],
    ["nameservers", ["127.0.0.1"]],
    ["resolves", [host.address]],
    ["disk", diskPaths.map((path) => `${path} 67135704 /`)],
    ["swap", []],
    ["controllers", ["cpuset", "cpu", "io", "memory", "hugetlb", "pids"]],
    ["features", features.map(([name]) => `${name}=present`)],
    ["addresses", [JSON.stringify(addressesOf(host))]],
    ["routes4", [JSON.stringify([{ dst: "default", gateway: "10.99.255.254", dev: "eth0", flags: [] }])]],
    ["routes6", ["[]"]],
    ["listening", ["00000000:0016 112169"]],
    ["owners", ["112169 116 sshd"]],
    ["programs", ["ip=/usr/sbin/ip="]],
    ["units", []],
    ["packages", packagesOf(host).trimEnd().split("\n")],
    ["kubernetes", []],
    ["server", []],
    ["claim", [host.claim]],
    ["clock-end", [String(Date.now())]],
  ];
  return sections.map(([name, lines]) => [`${sectionMark}${name}`, ...lines, ""].join("\n")).join("");
}

function systemOf(host: SimulatedHost): string[] {
  return [
    "architecture=x86_64",
    "kernel=6.1.0-18-amd64",
    `hostname=${host.name}`,
    "uid=0",
    "sudoUser=",
    "systemd=running",
    `machineId=${host.machineId}`,
    "productUuid=",
    "cpus=4",
    "memoryKiB=8388608",
    "selinux=",
    "cgroupfs=cgroup2fs",
    "ufw=",
  ];
}

function addressesOf(host: SimulatedHost): unknown[] {
  const own = (local: string, prefixlen: number, scope: string) => ({ family: "inet", local, prefixlen, scope });
  return [
    { ifname: "lo", addr_info: [own("127.0.0.1", 8, "host")] },
    { ifname: "eth0", addr_info: [own(host.address, 16, "global")] },
  ];
}
