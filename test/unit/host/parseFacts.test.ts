import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseFacts } from "../../../provider/host/parseFacts";

// Compiled tests run in dist/test/unit/host; what is no TypeScript stays in the source tree.
const samples = join(__dirname, "../../../../test/unit/host/samples");
const sample = (name: string) => readFileSync(join(samples, name), "utf8");
const trip = { begun: 1795246773000, ended: 1795246773300 };

test("a Debian host as its script printed it", () => {
  const facts = parseFacts("f1", sample("debian12.txt"), trip);
  assert.deepEqual(facts.os, {
    id: "debian",
    version: "12",
    like: [],
    codename: "bookworm",
    pretty: "Debian GNU/Linux 12 (bookworm)",
  });
  assert.equal(facts.architecture, "x86_64");
  assert.equal(facts.root, true);
  assert.equal(facts.init, "systemd");
  assert.equal(facts.memoryMiB, 24105);
  assert.deepEqual(facts.disk["/var/lib"], { freeMiB: 65562, mount: "/var" });
  assert.equal(facts.cgroup.version, 1);
  assert.ok(facts.cgroup.controllers.includes("memory"));
  assert.deepEqual(facts.routes, [{ family: 4, link: "eth0", source: "10.0.0.11", metric: 0 }]);
  assert.deepEqual(facts.listening, [
    { port: 22, process: "sshd", pid: 116 },
    { port: 6443, process: "node exporter", pid: 820 },
  ]);
  assert.deepEqual(facts.kubernetes, { found: [], server: "", claim: undefined });
});

test("of Debian's packages only those that are really installed count", () => {
  const { packages } = parseFacts("f1", sample("debian12.txt"), trip);
  assert.equal(packages.procps, "2:4.0.2-3");
  assert.equal("ebtables" in packages, false);
});

test("a Rocky host that is a control plane already", () => {
  const facts = parseFacts("cp1", sample("rocky9.txt"), trip);
  assert.deepEqual(facts.os.like, ["rhel", "centos", "fedora"]);
  assert.equal(facts.selinux, "enforcing");
  assert.equal(facts.productUuid, "4c4c4544-0042-3510-8052-b7c04f4a3332");
  assert.deepEqual(facts.cgroup, {
    version: 2,
    controllers: ["cpuset", "cpu", "io", "memory", "hugetlb", "pids", "rdma", "misc"],
  });
  assert.deepEqual(facts.swap, [
    { device: "/dev/dm-1", sizeMiB: 4095 },
    { device: "/swap\\040file", sizeMiB: 1023 },
  ]);
  assert.equal(facts.disk["/var/lib"]?.mount, "/var/lib my disk");
  assert.deepEqual(facts.firewalls, ["firewalld"]);
  assert.deepEqual(facts.packages, {
    "ca-certificates": "2024.2.69_v8.0.303-91.4.el9_4",
    "containerd.io": "1.6.32-3.1.el9",
  });
  assert.equal(facts.programs.kubeadm?.version, "v1.34.4");
  assert.equal(facts.programs.containerd?.path, "/usr/bin/containerd");
  assert.deepEqual(facts.kubernetes, {
    found: ["/etc/kubernetes/kubelet.conf", "/var/lib/etcd/member"],
    server: "https://192.168.7.10:6443",
    claim: { clusterId: "c-42", node: "cp1" },
  });
});

test("the default route's source is the address in its gateway's network, and the better metric comes first", () => {
  const { routes } = parseFacts("cp1", sample("rocky9.txt"), trip);
  assert.deepEqual(routes, [
    { family: 4, link: "enp1s0", source: "192.168.7.20", metric: 100 },
    { family: 4, link: "enp2s0", source: "10.9.0.20", metric: 101 },
    { family: 6, link: "enp1s0", source: "2001:db8::20", metric: 100 },
  ]);
});

test("the clock's offset leaves out the round trip", () => {
  const output = sample("debian12.txt").replace("1795246773065", "1000100").replace("1795246773265", "1000300");
  const { clock } = parseFacts("f1", output, { begun: 0, ended: 400 });
  assert.deepEqual(clock, { offsetMs: 1_000_000, uncertaintyMs: 100 });
});

test("a claim nobody can read is neither ours nor nobody's", () => {
  const output = sample("rocky9.txt").replace('"format":1,', "");
  assert.equal(parseFacts("cp1", output, trip).kubernetes.claim, "unreadable");
});

test("output that was cut short is an error that names the host", () => {
  const output = sample("debian12.txt").split("#== claim")[0] ?? "";
  assert.throws(() => parseFacts("f1 (10.0.0.11)", output, trip), /f1 \(10\.0\.0\.11\).*half-way/s);
});
