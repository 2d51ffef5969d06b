import assert from "node:assert/strict";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import type * as kubeadm from "../../../index";
import { refusal, run } from "./graph";
import { clusterArgs, hosts } from "./programs";

const refused = (own: Partial<kubeadm.K8sClusterArgs>): Promise<string> =>
  refusal((door) => new door.K8sCluster("prod", clusterArgs(own)));

const wrong: [what: string, args: Record<string, unknown>, line: RegExp][] = [
  ["an unknown key", { kubernetsVersion: "1.34.4" }, /kubernetsVersion/],
  [
    "an unknown key of a node",
    { workers: { w1: { connection: { host: "w1" }, lables: {} } } },
    /workers\.w1: .*lables/,
  ],
  ["an unknown key of a connection", { connection: { user: "ops", privatekey: "x" } }, /connection: .*privatekey/],
  ["a key that looks like an integer", { workers: { 7: { connection: { host: "w7" } } } }, /workers\.7: .*integer/],
  ["a name twice", { workers: hosts("cp1") }, /workers\.cp1: the name is taken by controlPlanes\.cp1/],
  ["a name that is none", { workers: { W_1: { connection: { host: "w1" } } } }, /workers\.W_1: /],
  [
    "a machine twice",
    { workers: { w1: { connection: { host: "cp1.example" } } } },
    /workers\.w1\.connection\.host: is the machine of controlPlanes\.cp1 already/,
  ],
  ["no host", { workers: { w1: {} } }, /workers\.w1\.connection\.host: is needed/],
  ["no control plane", { controlPlanes: {} }, /controlPlanes: at least one/],
  ["a version that is none", { kubernetesVersion: "latest" }, /kubernetesVersion: /],
  ["a version that is not supported", { kubernetesVersion: "1.19.0" }, /kubernetesVersion: /],
  ["a CIDR that is none", { network: { podCidr: "10.244.0.0" } }, /network\.podCidr: /],
  ["CIDRs that overlap", { network: { podCidr: "10.0.0.0/8", serviceCidr: "10.96.0.0/16" } }, /network\.\w+: /],
  [
    "a label of the kubelet's",
    { workers: { w1: { connection: { host: "w1" }, labels: { "kubernetes.io/os": "x" } } } },
    /workers\.w1\.labels: /,
  ],
  [
    "a taint's effect",
    { workers: { w1: { connection: { host: "w1" }, taints: [{ key: "a", effect: "Never" }] } } },
    /workers\.w1\.taints\.0\.effect: /,
  ],
  ["two sources", { source: { download: {}, bundle: { path: "x" } } }, /source/],
  ["a source that there is not", { source: { packages: {} } }, /source/],
  [
    "a bundle handed out by no node",
    { source: { bundle: { path: "x", via: "nobody" } } },
    /source\.bundle\.via: .*nobody/,
  ],
  ["a bundle handed out by nobody", { source: { bundle: { path: "x", via: "w9" } } }, /source\.bundle\.via: .*"w9"/],
  ["a deadline of nothing", { timeouts: { join: 0 } }, /timeouts\.join: /],
  ["an endpoint that is none", { endpoint: {} }, /endpoint: needs either/],
  [
    "a name and a virtual address",
    { endpoint: { host: "api.example", virtualIp: { address: "10.0.0.10" } } },
    /endpoint\.host: belongs/,
  ],
  ["a virtual name", { endpoint: { virtualIp: { address: "api.example" } } }, /endpoint\.virtualIp\.address: .*no IP/],
  [
    "the API servers' own port for haproxy",
    { endpoint: { virtualIp: { address: "10.0.0.10", port: 6443 } } },
    /endpoint\.virtualIp\.port: 6443/,
  ],
  [
    "another port for kube-vip",
    { endpoint: { virtualIp: { address: "10.0.0.10", port: 8443, by: "kube-vip" } } },
    /endpoint\.virtualIp\.port: has to be 6443/,
  ],
  [
    "a router id for kube-vip",
    { endpoint: { virtualIp: { address: "10.0.0.10", by: "kube-vip", virtualRouterId: 7 } } },
    /virtualRouterId: is keepalived's/,
  ],
  [
    "an image for keepalived",
    { endpoint: { virtualIp: { address: "10.0.0.10", image: "x:1" } } },
    /image: is kube-vip's/,
  ],
  [
    "a virtual address that a node has",
    {
      endpoint: { virtualIp: { address: "10.0.0.11" } },
      controlPlanes: { cp1: { connection: { host: "10.0.0.11" } } },
    },
    /virtualIp\.address: is the address of controlPlanes\.cp1/,
  ],
  [
    "a router id of nothing",
    { endpoint: { virtualIp: { address: "10.0.0.10", virtualRouterId: 0 } } },
    /virtualRouterId/,
  ],
  ["a copy that nothing encrypts", { backup: { copyTo: "/srv" } }, /backup\.passphrase: is needed/],
  ["a passphrase for nothing", { backup: { passphrase: "x" } }, /backup\.passphrase: is for copies/],
  ["no backup kept", { backup: { keep: 0 } }, /backup\.keep/],
  ["more than all workers away", { upgrade: { maxUnavailable: "101%" } }, /upgrade\.maxUnavailable/],
  ["no worker away", { upgrade: { maxUnavailable: 0 } }, /upgrade\.maxUnavailable/],
  ["certificates renewed at their end", { certificates: { renewBefore: 0 } }, /certificates\.renewBefore/],
  ["a file without a whole path", { files: { "audit.yaml": { content: "x" } } }, /files/],
];

for (const [what, args, line] of wrong) {
  test(`refused: ${what}`, async () => {
    const text = await refused(args);
    assert.match(text, /^K8sCluster prod: the arguments have (a problem|problems):\n/);
    assert.match(text, line);
  });
}

test("all problems come at once, one line each", async () => {
  const text = await refused({
    kubernetesVersion: "latest",
    network: { podCidr: "nonsense" },
    workers: { ...hosts("w1"), cp1: {}, 3: { connection: { host: "w3" } } },
  });
  const paths = text
    .split("\n")
    .slice(1)
    .map((line) => line.replace(/^ {2}- /, "").split(": ")[0]);
  for (const path of [
    "kubernetesVersion",
    "network.podCidr",
    "workers.cp1",
    "workers.3",
    "workers.cp1.connection.host",
  ]) {
    assert.ok(paths.includes(path), `${path} in ${paths.join(", ")}`);
  }
});

test("a refusal never tells a secret", async () => {
  const connection = { user: "ops", privateKey: 12345678 as never, password: "very-secret" };
  const text = await refused({ connection: { ...connection, prot: 1 } as never });
  assert.doesNotMatch(text, /12345678|very-secret/);
});

test("what only the run will tell is not judged", async () => {
  const { graph } = await run((door) => {
    const labels = pulumi.output({ "kubernetes.io/os": "x" });
    new door.K8sCluster("prod", {
      kubernetesVersion: pulumi.output("latest"),
      connection: { host: pulumi.output("same.example"), privateKey: pulumi.secret("key") },
      controlPlanes: { cp1: {} },
      workers: {
        w1: { labels },
        w2: { connection: { host: Promise.resolve("w2") }, taints: [pulumi.output({ key: "a" } as never)] },
      },
      network: { podCidr: pulumi.output("nonsense") },
    });
  });
  assert.equal(graph.of("Worker").length, 2);
});

test("a misspelt argument is refused though its value, or another one, is an Output", async () => {
  const connection = { user: "ops", privateKey: pulumi.secret("key") };
  assert.match(await refused({ connection, netwrok: pulumi.output({}) } as never), /netwrok/);
  assert.match(await refused({ connection: { ...connection, prot: 22 } as never }), /connection: .*prot/);
});

test("the same address behind different jump hosts is another machine", async () => {
  const behind = (host: string) => ({ connection: { host: "192.168.0.10", proxy: { host } } });
  const { graph } = await run(
    (door) =>
      new door.K8sCluster(
        "prod",
        clusterArgs({ controlPlanes: { cp1: behind("site-a") }, workers: { w1: behind("site-b") } }),
      ),
  );
  assert.equal(graph.of("Machine").length, 2);
});

test("an even number of control planes is allowed", async () => {
  const { graph } = await run(
    (door) => new door.K8sCluster("prod", clusterArgs({ controlPlanes: hosts("cp1", "cp2") })),
  );
  assert.equal(graph.of("ControlPlane").length, 2);
});

test("an addon's arguments are refused the same way", async () => {
  const addon = async (args: object): Promise<string> => {
    let told = "";
    await run((door) => {
      const cluster = new door.K8sCluster("prod", clusterArgs());
      try {
        new door.Addon("hello", { cluster, manifests: [], ...args } as kubeadm.AddonArgs);
      } catch (error) {
        told = (error as Error).message;
      }
    });
    return told;
  };
  assert.match(await addon({ manifest: [] }), /^Addon hello: .*\n.*manifest/);
  assert.match(await addon({ manifests: [{ kind: "Namespace" }] }), /manifests\.0/);
  assert.match(await addon({ manifests: "kind: Namespace" }), /manifests/);
  assert.match(await addon({ cluster: {} }), /cluster: has to be a K8sCluster/);
});
