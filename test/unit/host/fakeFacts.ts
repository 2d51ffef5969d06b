// Facts of a good fresh machine, to be made worse by a test.
import type { Facts } from "../../../provider/host/facts";

export function fakeFacts(overrides: Partial<Facts> = {}): Facts {
  return {
    os: { id: "debian", version: "12", like: [], codename: "bookworm", pretty: "Debian GNU/Linux 12 (bookworm)" },
    architecture: "x86_64",
    kernel: "6.1.0-25-amd64",
    hostname: "m1",
    root: true,
    init: "systemd",
    machineId: "11111111111111111111111111111111",
    productUuid: "",
    cpus: 4,
    memoryMiB: 8192,
    disk: { "/usr/local": { freeMiB: 20_000, mount: "/" }, "/var/lib": { freeMiB: 20_000, mount: "/" } },
    swap: [],
    selinux: "off",
    cgroup: { version: 2, controllers: ["cpuset", "cpu", "io", "memory", "pids"] },
    features: {
      overlay: "present",
      br_netfilter: "loadable",
      nf_conntrack: "present",
      nf_tables: "present",
      ip_tables: "present",
      vxlan: "loadable",
    },
    resolves: ["10.0.0.11"],
    nameservers: ["10.0.0.2"],
    addresses: [
      { link: "lo", address: "127.0.0.1", prefix: 8, family: 4, scope: "host" },
      { link: "eth0", address: "10.0.0.11", prefix: 24, family: 4, scope: "global" },
      { link: "eth0", address: "fe80::1", prefix: 64, family: 6, scope: "link" },
    ],
    routes: [{ family: 4, link: "eth0", source: "10.0.0.11", metric: 0 }],
    listening: [{ port: 22, process: "sshd", pid: 800 }],
    programs: { ip: { path: "/usr/sbin/ip", version: "" } },
    firewalls: [],
    units: [],
    packages: {},
    kubernetes: { found: [], server: "", claim: undefined },
    agents: [],
    clock: { offsetMs: 0, uncertaintyMs: 0 },
    ...overrides,
  };
}
