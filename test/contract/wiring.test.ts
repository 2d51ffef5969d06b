// What components hand to the leaves is what the leaves' handlers ask for: two rooms that never import each other.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import type * as kubeadm from "../../index";
import { handler } from "../../provider/index";
import { type Graph, type Registered, reveal, run } from "../unit/components/graph";
import { clusterArgs } from "../unit/components/programs";

type Bag = Record<string, unknown>;

/** Every argument there is, so that a field which a handler does not know cannot hide. */
const everything: Partial<kubeadm.K8sClusterArgs> = {
  connection: {
    user: "ops",
    port: 2222,
    privateKey: "key",
    privateKeyPassword: "phrase",
    password: "pass",
    agentSocketPath: "/run/agent.sock",
    hostKey: "SHA256:abc",
    perDialTimeout: 5,
    dialErrorLimit: 3,
    unknownHostKey: "refuse",
    proxy: { host: "jump.example", user: "hop", proxy: { host: "outer.example" } },
    sudo: { password: "sudo" },
  },
  controlPlanes: {
    cp1: { connection: { host: "cp1.example" }, worker: true, files: undefined } as kubeadm.ControlPlaneArgs,
    cp2: { connection: { host: "cp2.example" } },
    cp3: { connection: { host: "cp3.example" } },
  },
  workers: {
    w1: {
      connection: { host: "w1.example" },
      address: "10.0.0.21",
      hostname: "w1",
      labels: { pool: "general" },
      taints: [{ key: "dedicated", value: "db", effect: "NoSchedule" }],
      annotations: { note: "x" },
      providerId: "own://w1",
      kubeletExtraArgs: { v: "2" },
      swap: "off",
      containerd: {
        existing: "reinstall",
        version: "2.1.6",
        runcVersion: "1.3.4",
        cniPluginsVersion: "1.9.1",
        sandboxImage: "p:1",
        config: { version: 3 },
      },
      preflight: { ignore: ["Mem"] },
      drain: { onBlocked: "force", gracePeriod: 10 },
      onUnreachable: "remove",
      kubeadm: { joinConfiguration: { nodeRegistration: {} } },
      timeouts: { join: 100 },
    },
  },
  virtualKubelets: {
    "press-7": {
      runsOn: "w1",
      provider: {
        ssh: {
          connection: {
            host: "10.0.9.7",
            port: 2200,
            user: "plc",
            privateKey: "device key",
            privateKeyPassword: "phrase",
            password: "pass",
            hostKey: "ssh-ed25519 AAAA",
            proxy: { host: "10.0.9.1", password: "pass", hostKey: "SHA256:abc" },
          },
          directory: "/srv/pods",
          logs: { maxSize: "1Mi", maxFiles: 3 },
          timeouts: { dial: 5, call: 20 },
        },
      },
      capacity: { cpu: "4", memory: "2Gi", pods: 5, "ephemeral-storage": "1Gi" },
      allocatable: { cpu: 3 },
      labels: { site: "hall-2" },
      taints: [{ key: "dedicated", value: "plc", effect: "NoSchedule" }],
      annotations: { note: "x" },
      providerTaint: false,
      os: "linux",
      arch: "arm",
      address: "10.0.0.21",
      port: 10301,
      healthPort: 10401,
      drain: { onBlocked: "force", gracePeriod: 10 },
      onUnreachable: "remove",
      timeouts: { ready: 100 },
    },
    line: {
      provider: {
        serial: {
          device: "/dev/ttyUSB0",
          baud: 9600,
          parity: "even",
          stopBits: 2,
          dataBits: 7,
          flowControl: "rtscts",
          timeout: 2,
          retries: 6,
          maxLine: 512,
          pollInterval: 0.5,
        },
      },
      capacity: { cpu: 1, memory: "64Mi" },
    },
    edge: {
      runsOn: { connection: { host: "edge.example" } },
      provider: { cri: { socket: "/run/containerd/containerd.sock", logs: { maxSize: "1Mi", maxFiles: 3 } } },
      capacity: { cpu: "2", memory: "1Gi" },
    },
    remote: { provider: { cluster: { kubeconfig: "kubeconfig", context: "c", namespace: "n" } } },
    service: {
      provider: { cluster: { server: "https://api.example", ca: "ca", clientCertificate: "cert", clientKey: "key" } },
    },
    proxied: { provider: { cluster: { server: "https://api.example", username: "edge", password: "secret word" } } },
    crowd: { provider: { simulated: { nodes: 3, cpuMilli: 10, memoryBytes: 1024 } } },
  },
  endpoint: {
    virtualIp: { address: "10.0.0.10", port: 9443, by: "keepalived", virtualRouterId: 7, interface: "eth1" },
  },
  upgrade: { maxUnavailable: "20%" },
  certificates: { renewBefore: 20 },
  backup: { keep: 3, copyTo: "/srv/backups", passphrase: "phrase" },
  network: {
    podCidr: "10.244.0.0/16",
    serviceCidr: "10.96.0.0/16",
    dnsDomain: "cluster.local",
    cni: { flannel: { backend: "host-gw" } },
  },
  source: { bundle: { path: "/srv/bundle", via: "cp1" } },
  containerd: {
    registries: {
      "registry.k8s.io": {
        mirrors: ["https://m.example"],
        username: "u",
        password: "p",
        ca: "ca",
        clientCertificate: "cert",
        clientKey: "key",
        skipVerify: false,
      },
    },
  },
  kubeadm: {
    clusterConfiguration: { certificatesDir: "/etc/kubernetes/pki" },
    initConfiguration: { nodeRegistration: {} },
    joinConfiguration: { nodeRegistration: {} },
    kubeletConfiguration: { failCgroupV1: false },
    kubeProxyConfiguration: { conntrack: { maxPerCore: 0 } },
  },
  files: { "/etc/kubernetes/audit.yaml": { content: "policy", mode: "0600" } },
  preflight: { ignore: ["NumCPU"] },
  drain: { onBlocked: "stop" },
  onUnreachable: "stop",
  timeouts: {
    connect: 10,
    command: 10,
    packages: 10,
    transfer: 10,
    images: 10,
    init: 10,
    join: 10,
    ready: 10,
    drain: 10,
    reset: 10,
    apply: 10,
  },
};

function program(own: Partial<kubeadm.K8sClusterArgs>) {
  return (door: typeof kubeadm): void => {
    const cluster = new door.K8sCluster("prod", clusterArgs(own));
    new door.WorkerNode("late", { cluster, connection: { host: "late.example" } });
    new door.ControlPlaneNode("cp9", { cluster, connection: { host: "cp9.example" } });
    const runsOn = cluster.workers["w1"];
    if (runsOn) {
      const token = { server: "https://api.example", token: "secret token" };
      new door.VirtualKubeletNode("far", { cluster, runsOn, nodeName: "far-1", provider: { cluster: token } });
    }
    const manifests = [
      "apiVersion: v1\nkind: Namespace\nmetadata: {name: hello}",
      { apiVersion: "v1", kind: "Namespace", metadata: { name: "x" } },
    ];
    new door.Addon("hello", { cluster, manifests, wait: false, force: true, timeouts: { apply: 5 } });
    new door.Addon("plain", { cluster, manifests: [] });
  };
}

const kindOf = ({ type }: Registered): string => type.split(":").at(-1) ?? "";
const wire = ({ inputs }: Registered): Bag => reveal(inputs) as Bag;

async function accepted(graph: Graph): Promise<void> {
  assert.ok(graph.leaves.length >= 10);
  for (const leaf of graph.leaves) {
    const { failures } = await handler(kindOf(leaf)).check({}, wire(leaf));
    assert.deepEqual(failures, [], leaf.name);
  }
}

test("handlers accept what the components give them, with every argument there is", async () => {
  await accepted((await run(program(everything))).graph);
});

test("and with as few as possible", async () => {
  const bare = {
    connection: {},
    controlPlanes: { cp1: { connection: { host: "cp1.example" } } },
    workers: { w1: { connection: { host: "w1.example" } } },
  };
  const program = (door: typeof kubeadm): void => {
    const cluster = new door.K8sCluster("prod", clusterArgs(bare));
    new door.Addon("plain", { cluster, manifests: [] });
  };
  const { graph } = await run(program);
  for (const leaf of graph.leaves)
    assert.deepEqual((await handler(kindOf(leaf)).check({}, wire(leaf))).failures, [], leaf.name);
});

test("and at a preview, where nothing of the hosts is known", async () => {
  await accepted((await run(program(everything), { preview: true })).graph);
});

test("and with an Output in every place that takes one", async () => {
  const host = pulumi.output("later.example");
  const own = {
    kubernetesVersion: pulumi.output("1.34.4"),
    controlPlanes: { cp1: { connection: { host, port: pulumi.output(22) } } },
    workers: { w1: { connection: { host } } },
    virtualKubelets: {
      "press-7": {
        provider: { ssh: { connection: { host, password: pulumi.secret("pass") }, directory: pulumi.output("/srv") } },
        capacity: { cpu: pulumi.output("4"), memory: pulumi.output("2Gi") },
        labels: pulumi.output({ site: "hall-2" }),
        port: pulumi.output(10300),
      },
      edge: { runsOn: { connection: { host } }, provider: { simulated: { cpuMilli: pulumi.output(10) } } },
      remote: { provider: { cluster: { kubeconfig: pulumi.secret("text") } } },
    },
    network: { podCidr: pulumi.output("10.1.0.0/16") },
  };
  await accepted((await run(program({ ...everything, ...own }))).graph);
});

test("a leaf whose inputs did not change shows no difference and has no work", async () => {
  const { graph } = await run(program(everything));
  for (const leaf of graph.leaves) {
    const inputs = wire(leaf);
    const found = await handler(kindOf(leaf)).diff("id", { ...inputs, converged: true }, inputs);
    assert.deepEqual(found, { changes: false, replaces: [], deleteBeforeReplace: false }, leaf.name);
  }
});

test("a fixed field of a leaf is refused at the preview", async () => {
  const { graph } = await run(program(everything));
  const worker = graph.named("prod-w1-worker");
  const inputs = wire(worker);
  const network = { ...(inputs.network as Bag), podCidr: "10.9.0.0/16" };
  const { failures } = await handler("Worker").check(inputs, { ...inputs, network, clusterId: "another" });
  assert.ok(failures.length >= 1, "at least the cluster's id");
  assert.ok(failures.some(({ reason }) => reason.includes("clusterId")));
});
