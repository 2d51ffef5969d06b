import assert from "node:assert/strict";
import { test } from "node:test";
import { candidate, found, ours } from "./fleet";

const controlPlane = { controlPlane: true };
const one = (...given: Parameters<typeof candidate>) => found([candidate(...given)]);

test("a good machine passes in either role", () => {
  assert.deepEqual(one(), []);
  assert.deepEqual(one({}, controlPlane), []);
});

test("operating systems: the family and the version count", () => {
  const os = { id: "alpine", version: "3.20", like: [], codename: "", pretty: "Alpine Linux v3.20" };
  assert.deepEqual(one({ os }), ["OperatingSystem"]);
  assert.deepEqual(one({ os: { ...os, id: "debian", version: "10" } }), ["OperatingSystem"]);
  assert.deepEqual(one({ os: { ...os, id: "rocky", version: "9.4", like: ["rhel"] } }), []);
});

test("architectures: amd64 and arm64", () => {
  assert.deepEqual(one({ architecture: "aarch64" }), []);
  assert.deepEqual(one({ architecture: "armv7l" }), ["Architecture"]);
});

test("root, systemd and `ip` are needed", () => {
  assert.deepEqual(one({ root: false }), ["IsPrivilegedUser"]);
  assert.deepEqual(one({ init: "runit" }), ["Systemd"]);
  assert.deepEqual(one({ programs: {}, routes: [], addresses: [] }), ["FileExisting-ip"]);
});

test("a control plane needs two CPUs and 1700 MB, a worker one and 700 MB", () => {
  assert.deepEqual(one({ cpus: 1 }), []);
  assert.deepEqual(one({ cpus: 1 }, controlPlane), ["NumCPU"]);
  assert.deepEqual(one({ memoryMiB: 1000 }), []);
  assert.deepEqual(one({ memoryMiB: 1000 }, controlPlane), ["Mem"]);
  assert.deepEqual(one({ memoryMiB: 600 }), ["Mem"]);
  // 1622 MiB are 1700 MB.
  assert.deepEqual(one({ memoryMiB: 1622 }, controlPlane), []);
});

test("room is summed up per file system, and asked of new machines only", () => {
  const all = (freeMiB: number, mount: string) => ({ freeMiB, mount });
  const onOne = (freeMiB: number) => ({
    "/usr/local": all(freeMiB, "/"),
    "/var/lib": all(freeMiB, "/"),
    "/var/lib/containerd": all(freeMiB, "/"),
    "/var/lib/etcd": all(freeMiB, "/"),
  });
  assert.deepEqual(one({ disk: onOne(3072) }), []);
  assert.deepEqual(one({ disk: onOne(3071) }), ["Disk"]);
  assert.deepEqual(one({ disk: onOne(3072) }, controlPlane), ["Disk"]);
  assert.deepEqual(one({ disk: onOne(100), kubernetes: ours }), []);
  const apart = { "/usr/local": all(600, "/"), "/var/lib/containerd": all(100, "/data") };
  assert.deepEqual(one({ disk: apart }), ["Disk"]);
});

test("swap is refused unless the node's setting allows it or turns it off", () => {
  const swap = [{ device: "/dev/sda2", sizeMiB: 2048 }];
  assert.deepEqual(one({ swap }), ["Swap"]);
  assert.deepEqual(one({ swap }, { swap: "off" }), []);
  assert.deepEqual(one({ swap }, { swap: "allow" }), []);
});

test("kernels older than 4.19 are refused", () => {
  assert.deepEqual(one({ kernel: "4.18.0-553.el8.x86_64" }), ["KernelVersion"]);
  assert.deepEqual(one({ kernel: "4.19.0-27-amd64" }), []);
  assert.deepEqual(one({ kernel: "strange" }), ["KernelVersion"]);
});

test("cgroup v1 is refused from Kubernetes 1.35 on, unless the kubelet is told to accept it", () => {
  const v1 = { cgroup: { version: 1 as const, controllers: ["cpu", "cpuset", "memory"] } };
  const version = (kubernetesVersion: string, failCgroupV1?: boolean) =>
    found([candidate(v1, { failCgroupV1 })], { kubernetesVersion });
  assert.deepEqual(version("1.34.4"), []);
  assert.deepEqual(version("1.35.0"), ["CgroupVersion"]);
  assert.deepEqual(version("v1.36.3"), ["CgroupVersion"]);
  assert.deepEqual(version("1.35.0", true), ["CgroupVersion"]);
  assert.deepEqual(version("1.35.0", false), []);
});

test("a missing cgroup controller is named", () => {
  assert.deepEqual(one({ cgroup: { version: 2, controllers: ["cpu", "cpuset", "io"] } }), ["Cgroup-memory"]);
});

test("kernel features: loadable is enough, one kind of tables is enough", () => {
  const { features } = candidate().facts;
  assert.deepEqual(one({ features: { ...features, vxlan: "missing", overlay: "missing" } }), [
    "Kernel-overlay",
    "Kernel-vxlan",
  ]);
  assert.deepEqual(one({ features: { ...features, nf_tables: "missing" } }), []);
  assert.deepEqual(one({ features: { ...features, nf_tables: "missing", ip_tables: "missing" } }), [
    "Kernel-nf_tables",
  ]);
});

test("a default route is needed", () => {
  assert.deepEqual(one({ routes: [] }), ["DefaultRoute"]);
});

test("the host has to know its own name, unless it gets another one", () => {
  assert.deepEqual(one({ nameservers: [] }), ["Nameserver"]);
  assert.deepEqual(one({ resolves: [] }), ["Hostname"]);
  assert.deepEqual(one({ resolves: [] }, { hostname: "node-1" }), []);
  assert.deepEqual(one({ resolves: [] }, { hostname: "m1" }), ["Hostname"]);
});

test("the node's address has to be the host's own", () => {
  assert.deepEqual(one({}, { address: "10.0.0.99" }), ["Address"]);
});

test("ports are asked for by role, and our own node may hold them", () => {
  const listening = [6443, 10250, 2379, 8080].map((port) => ({ port, process: "haproxy", pid: 7 }));
  assert.deepEqual(one({ listening }), ["Port-10250"]);
  assert.deepEqual(one({ listening }, controlPlane), ["Port-6443", "Port-10250", "Port-2379"]);
  assert.deepEqual(one({ listening, kubernetes: ours }, controlPlane), []);
});

test("a firewall that is on is told, not refused", () => {
  assert.deepEqual(one({ firewalls: ["firewalld"] }), ["Firewall"]);
});
