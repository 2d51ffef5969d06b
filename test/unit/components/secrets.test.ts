import assert from "node:assert/strict";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { type Registered, run, secretPaths } from "./graph";
import { clusterArgs, hosts } from "./programs";

const secretArgs = () =>
  clusterArgs({
    connection: {
      user: "ops",
      privateKey: "key-of-all",
      privateKeyPassword: "its-passphrase",
      password: "login-password",
      sudo: { password: "sudo-password" },
      proxy: {
        host: "jump.example",
        privateKey: "jump-key",
        proxy: { host: "outer.example", password: "outer-password" },
      },
    },
    controlPlanes: hosts("cp1"),
    workers: hosts("w1"),
    containerd: {
      registries: {
        "r.example": { username: "bob", password: "pull-password", clientKey: "client-key", clientCertificate: "cert" },
      },
    },
    files: { "/etc/kubernetes/encryption.yaml": { content: "file-content", mode: "0600" } },
  });
const given = [
  "key-of-all",
  "its-passphrase",
  "login-password",
  "sudo-password",
  "jump-key",
  "outer-password",
  "pull-password",
  "client-key",
  "file-content",
];

const withAddon = () =>
  run((door) => {
    const cluster = new door.K8sCluster("prod", secretArgs());
    new door.Addon("hello", { cluster, manifests: ["kind: Namespace"] });
    return cluster;
  });

/** Everything of a leaf that a state would hold in plain text. */
function plainText(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => (secretPaths({ item })[0] === "item" ? "[secret]" : item));
}

test("secrets given as plain strings are marked in every leaf", async () => {
  const { graph } = await withAddon();
  for (const { name, inputs, outputs } of graph.all) {
    const plain = plainText([inputs, outputs ?? {}]);
    for (const secret of given) assert.equal(plain.includes(secret), false, `${secret} is plain in ${name}: ${plain}`);
  }
});

test("each secret is one field: the rest of a connection stays readable", async () => {
  const { graph } = await withAddon();
  const paths = [
    "privateKey",
    "privateKeyPassword",
    "password",
    "proxy.privateKey",
    "proxy.proxy.password",
    "sudo.password",
  ];
  const marked = (path: string) => paths.map((field) => `${path}.connection.${field}`);
  assert.deepEqual(
    secretPaths(graph.named("prod-w1-machine").inputs).sort(),
    paths.map((field) => `connection.${field}`).sort(),
  );
  assert.deepEqual(
    secretPaths(graph.named("prod-w1-worker").inputs).sort(),
    [...marked("target"), ...marked("reach.cp1")].sort(),
  );
  assert.deepEqual(
    secretPaths(graph.named("prod-cp1-host").inputs).sort(),
    [
      ...marked("target"),
      "containerd.registries.r.example.clientKey",
      "containerd.registries.r.example.password",
    ].sort(),
  );
  const files = secretPaths(graph.named("prod-cp1-control-plane").inputs).filter((path) => path.startsWith("files."));
  assert.deepEqual(files, ["files./etc/kubernetes/encryption.yaml.content"]);
});

test("a secret Output makes its own field a secret and nothing else", async () => {
  const args = clusterArgs({
    connection: { user: "ops", privateKey: pulumi.secret("key") },
    controlPlanes: hosts("cp1"),
    workers: {},
  });
  const { graph } = await run((door) => new door.K8sCluster("prod", args));
  const { inputs } = graph.named("prod-cp1-control-plane");
  assert.deepEqual(secretPaths(inputs).sort(), ["reach.cp1.connection.privateKey", "target.connection.privateKey"]);
});

test("the kubeconfig is a secret: in the program, in the component and in its leaf's state", async () => {
  const { graph, result } = await withAddon();
  assert.equal(await pulumi.isSecret(result.kubeconfig), true);
  assert.deepEqual(graph.named("prod-kubeconfig").secretOutputs, ["kubeconfig"]);
  assert.deepEqual(secretPaths(graph.named("prod").outputs), ["kubeconfig"]);
});

test("ids, endpoint and addresses are no secrets", async () => {
  const { result } = await withAddon();
  for (const output of [
    result.clusterId,
    result.endpoint,
    ...Object.values(result.workers).map((node) => node.address),
  ]) {
    assert.equal(await pulumi.isSecret(output), false);
  }
});

test("secret kubeadm documents stay secret, and what the preflight needs of them does not become one", async () => {
  const kubeadm = { kubeletConfiguration: pulumi.secret({ failCgroupV1: false, registerNode: true }) };
  const args = clusterArgs({ controlPlanes: hosts("cp1"), workers: {}, kubeadm });
  const { graph } = await run((door) => new door.K8sCluster("prod", args));
  assert.ok(secretPaths(graph.named("prod-cp1-control-plane").inputs).includes("kubeadm.kubeletConfiguration"));
  const hostsSeen = graph.named("prod-preflight").inputs.hosts as Record<string, Registered["inputs"]>;
  assert.equal(hostsSeen.cp1?.failCgroupV1, false);
});

test("secret documents that say nothing of cgroups leave no trace at the preflight", async () => {
  const kubeadm = { kubeletConfiguration: pulumi.secret({ registerNode: true }) };
  const args = clusterArgs({ controlPlanes: hosts("cp1"), workers: {}, kubeadm });
  const { graph } = await run((door) => new door.K8sCluster("prod", args));
  const hostsSeen = graph.named("prod-preflight").inputs.hosts as Record<string, Registered["inputs"]>;
  assert.equal("failCgroupV1" in (hostsSeen.cp1 ?? {}), false);
});
