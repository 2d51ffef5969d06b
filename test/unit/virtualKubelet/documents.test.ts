import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { parse } from "yaml";
import { type AgentFiles, agentFiles } from "../../../provider/kubeadm/virtualKubelet/documents";
import { agentPaths, nodesOf, placeOf } from "../../../provider/kubeadm/virtualKubelet/names";
import { needsKeys } from "../../../provider/kubeadm/virtualKubelet/providerDocument";
import { type Provider, providerKinds } from "../../../provider/kubeadm/virtualKubelet/spec";
import { agentUnit } from "../../../provider/kubeadm/virtualKubelet/unit";
import { plan } from "./support";

const base: AgentFiles = { ...plan, address: "10.0.0.21", port: 10300, healthPort: 10400, ca: "ca\n" };
const paths = agentPaths("press-7");

function documentOf(path: string, files: AgentFiles): Record<string, unknown> {
  const found = agentFiles(files).find((file) => file.path === path);
  assert.ok(found, path);
  return parse(found.content) as Record<string, unknown>;
}

test("a secret is in a file of its own that only root reads, and in no other", () => {
  const proxy = { host: "10.0.9.1", password: "the password" };
  const device = { host: "10.0.9.7", privateKey: "the key", privateKeyPassword: "the passphrase", proxy };
  const files = agentFiles({ ...base, provider: { ssh: { connection: device } } });
  for (const secret of ["the key", "the passphrase", "the password"]) {
    const holding = files.filter(({ content }) => content.includes(secret));
    assert.equal(holding.length, 1, secret);
    assert.equal(holding[0]?.mode, 0o600);
    assert.ok(holding[0]?.path.startsWith(`${paths.credentials}/`));
  }
});

test("no file holds a secret's place twice", () => {
  const proxy = { host: "a", password: "one", proxy: { host: "b", password: "two" } };
  const ssh = { connection: { host: "c", password: "three", hostKey: "ssh-ed25519 AAAA", proxy } };
  const all = agentFiles({ ...base, provider: { ssh } }).map(({ path }) => path);
  assert.equal(new Set(all).size, all.length);
  assert.ok(all.includes(`${paths.credentials}/proxy.proxy.password`));
});

test("a node registers the labels it may, all its taints, and its own taint unless it is turned off", () => {
  const taint = { key: "virtual-kubelet.io/provider", value: "mine", effect: "NoSchedule" } as const;
  const { labels, taints } = documentOf(paths.node, base);
  assert.deepEqual(labels, { type: "virtual-kubelet", site: "hall-2" });
  assert.deepEqual(taints, [{ ...taint, value: "ssh" }]);
  assert.deepEqual(documentOf(paths.node, { ...base, providerTaint: false }).taints, []);
  assert.deepEqual(documentOf(paths.node, { ...base, taints: [taint] }).taints, [taint]);
});

test("what is allocatable is the capacity but for what is said of it", () => {
  const { allocatable, capacity } = documentOf(paths.node, { ...base, allocatable: { cpu: 3 } });
  assert.deepEqual(capacity, { pods: "5", cpu: "4", memory: "2Gi" });
  assert.deepEqual(allocatable, { pods: "5", cpu: "3", memory: "2Gi" });
});

test("another cluster's credentials are files that only root reads, and its owner is this cluster", () => {
  const secrets = { kubeconfig: "the kubeconfig", token: "the token", clientKey: "the key", password: "the password" };
  const files = agentFiles({ ...base, provider: { cluster: secrets } });
  for (const secret of Object.values(secrets)) {
    const holding = files.filter(({ content }) => content.includes(secret));
    assert.equal(holding.length, 1, secret);
    assert.equal(holding[0]?.mode, 0o600);
  }
  assert.equal(documentOf(paths.provider, { ...base, provider: { cluster: secrets } }).owner, base.clusterId);
});

test("of another cluster nothing is said where nobody says it: its quota tells", () => {
  const { capacity: _own, ...silentBase } = base;
  const node = documentOf(paths.node, { ...silentBase, provider: { cluster: { kubeconfig: "x" } } });
  assert.deepEqual([node.capacity, node.allocatable], [undefined, undefined]);
  const said = documentOf(paths.node, { ...base, provider: { cluster: { kubeconfig: "x" } } });
  assert.deepEqual(said.allocatable, said.capacity);
});

test("a simulation's nodes are as many as it says, and the first one's certificate leads to the API", () => {
  assert.deepEqual(nodesOf("crowd", { simulated: { nodes: 2 } }), ["crowd-0", "crowd-1"]);
  assert.deepEqual(nodesOf("crowd", { simulated: {} }), ["crowd"]);
  const many = documentOf(paths.kubeconfig, { ...base, provider: { simulated: { nodes: 2 } } });
  assert.match(JSON.stringify(many), /pki\/press-7-0\/kubelet-client-current\.pem/);
});

test("a device's key is pinned, or the recorded one, or the recorded one that fits a fingerprint", () => {
  const key = `ssh-ed25519 ${Buffer.from("a key").toString("base64")}`;
  const print = createHash("sha256").update("a key").digest("base64").replace(/=+$/, "");
  const device = { host: "10.0.9.7", password: "x" };
  const known = { "10.0.9.7:22": key };
  const lines = (hostKey: string | undefined): string => {
    const connection = hostKey === undefined ? device : { ...device, hostKey };
    const files = agentFiles({ ...base, provider: { ssh: { connection } }, deviceKeys: known });
    return files.find(({ path }) => path.endsWith("/known_hosts"))?.content ?? "";
  };
  assert.equal(lines(undefined), `10.0.9.7 ${key}\n`);
  assert.equal(lines("ssh-rsa BBBB"), "10.0.9.7 ssh-rsa BBBB\n");
  assert.equal(lines(`SHA256:${print}`), `10.0.9.7 ${key}\n`);
  assert.equal(lines("SHA256:another"), "");
  assert.ok(needsKeys(device, {}));
  assert.ok(!needsKeys(device, known));
  assert.ok(needsKeys({ ...device, hostKey: "SHA256:another" }, known));
  assert.ok(!needsKeys({ ...device, hostKey: "ssh-rsa BBBB" }, {}));
  assert.ok(needsKeys({ ...device, hostKey: "ssh-rsa BBBB", proxy: { host: "jump", password: "x" } }, {}));
});

const place = (provider: Provider) => placeOf(provider);
const connection = { host: "10.0.9.7", user: "plc", password: "x" };

test("another device, line, socket, server, namespace or kind is another place", () => {
  const places = [
    place({ ssh: { connection } }),
    place({ ssh: { connection: { ...connection, host: "10.0.9.8" } } }),
    place({ ssh: { connection: { ...connection, port: 2200 } } }),
    place({ ssh: { connection, directory: "/srv" } }),
    place({ serial: { device: "/dev/ttyS0" } }),
    place({ serial: { device: "/dev/ttyS1" } }),
    place({ cri: {} }),
    place({ ssh: { connection: { ...connection, user: "somebody" } } }),
    place({ cri: { socket: "/run/other.sock" } }),
    place({ cluster: { kubeconfig: "x" } }),
    place({ cluster: { kubeconfig: "x", namespace: "edge" } }),
    place({ cluster: { server: "https://a", token: "x" } }),
    place({ cluster: { server: "https://b", token: "x" } }),
    place({ simulated: {} }),
  ];
  assert.equal(new Set(places).size, places.length);
});

test("other credentials, another way, other speed or another number of nodes is the same place", () => {
  const other = { ...connection, port: 22, user: "root", password: "y", proxy: { host: "jump", password: "z" } };
  const directory = "/srv/pods";
  assert.equal(
    place({ ssh: { connection, directory } }),
    place({ ssh: { connection: other, directory, logs: { maxFiles: 3 } } }),
  );
  assert.equal(place({ serial: { device: "/dev/ttyS0" } }), place({ serial: { device: "/dev/ttyS0", baud: 9600 } }));
  const socket = "/run/containerd/containerd.sock";
  assert.equal(place({ cri: {} }), place({ cri: { socket, logs: { maxFiles: 3 } } }));
  assert.equal(place({ cluster: { kubeconfig: "x" } }), place({ cluster: { kubeconfig: "rotated" } }));
  assert.equal(place({ simulated: { nodes: 3 } }), place({ simulated: { nodes: 5 } }));
});

test("every unit is root without root's privileges, and only the container runtime's may give files away", () => {
  for (const kind of providerKinds) {
    const { content } = agentUnit({ name: "n", kind, sha256: "0".repeat(64) });
    const capabilities = /^CapabilityBoundingSet=(.*)$/m.exec(content)?.[1];
    assert.equal(capabilities, kind === "cri" ? "CAP_CHOWN CAP_FOWNER CAP_DAC_OVERRIDE" : "", kind);
    for (const line of ["NoNewPrivileges=yes", "ProtectSystem=strict", "SystemCallFilter=@system-service"])
      assert.ok(content.includes(`\n${line}\n`), `${kind}: ${line}`);
    assert.ok(/^(PrivateDevices=yes|DevicePolicy=closed)$/m.test(content), kind);
  }
});
