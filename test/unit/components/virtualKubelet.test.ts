import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import type * as kubeadm from "../../../index";
import { bundledAgent } from "../../../provider/kubeadm/virtualKubelet/names";
import type { AgentProgram } from "../../../provider/kubeadm/virtualKubelet/spec";
import { refusal, reveal, run, secretPaths } from "./graph";
import { clusterArgs, hosts } from "./programs";

const ssh = { ssh: { connection: { host: "10.0.9.7", user: "plc", privateKey: "device-key" } } };
const capacity = { cpu: "4", memory: "2Gi", pods: 5 };

const small = (door: typeof kubeadm, own: Partial<kubeadm.K8sClusterArgs> = {}) =>
  new door.K8sCluster(
    "prod",
    clusterArgs({ controlPlanes: hosts("cp1", "cp2", "cp3"), workers: hosts("w1", "w2"), ...own }),
  );

test("a virtual node on a worker has one leaf, which waits for that worker and for all control planes", async () => {
  const { graph } = await run((door) => {
    const cluster = small(door);
    const [, w2] = Object.values(cluster.workers);
    if (w2) new door.VirtualKubeletNode("press-7", { cluster, runsOn: w2, provider: ssh, capacity });
  });
  const under = graph.all.filter((resource) => graph.parentOf(resource)?.name === "press-7").map(({ name }) => name);
  assert.deepEqual(under, ["press-7-virtual-kubelet"]);
  const leaf = graph.named("press-7-virtual-kubelet");
  const nodes = leaf.waitsFor.filter((name) => /-(control-plane|worker)$/.test(name));
  assert.deepEqual(nodes, [
    "prod-cp1-control-plane",
    "prod-cp2-control-plane",
    "prod-cp3-control-plane",
    "prod-w2-worker",
  ]);
  const { target, name, worker } = leaf.inputs as { target: { machineId: string }; name: string; worker: string };
  // By a property of its own, not by `dependsOn`: only so it leaves before a worker that is replaced.
  assert.deepEqual([target.machineId, name, worker], ["id-of-prod-w2-machine", "press-7", "prod-w2-worker-id"]);
  assert.ok(leaf.takesFrom.includes("prod-w2-worker"));
});

test("the agent of a bundle is known by its content, so that another one in the same place rolls", async () => {
  const path = mkdtempSync(join(tmpdir(), "agent-bundle-"));
  const agentIn = async (files: object[]) => {
    writeFileSync(join(path, "bundle.json"), JSON.stringify({ files }));
    const { graph } = await run((door) => {
      const cluster = small(door, { source: { bundle: { path: pulumi.output(path) } } });
      new door.VirtualKubeletNode("press-7", { cluster, provider: ssh, capacity });
    });
    return (graph.named("press-7-virtual-kubelet").inputs["agent"] as AgentProgram).sha256;
  };
  const sha256 = "b".repeat(64);
  try {
    const packaged = await agentIn([{ path: "v1.34.4/bin/linux/amd64/kubeadm", sha256 }]);
    const bundled = await agentIn([{ path: bundledAgent("amd64"), sha256 }]);
    assert.deepEqual(bundled, { ...packaged, amd64: sha256 });
  } finally {
    rmSync(path, { recursive: true });
  }
});

test("where nothing is said the first worker of the cluster runs the agent", async () => {
  const { graph } = await run((door) => {
    new door.VirtualKubeletNode("press-7", { cluster: small(door), provider: ssh, capacity });
  });
  assert.ok(graph.named("press-7-virtual-kubelet").waitsFor.includes("prod-w1-worker"));
});

test("another machine is met first, by the cluster's credentials where its own are silent", async () => {
  const { graph } = await run((door) => {
    const runsOn = { connection: { host: "edge.example", user: "admin" } };
    new door.VirtualKubeletNode("edge", { cluster: small(door), runsOn, provider: ssh, capacity });
  });
  const { connection } = reveal(graph.named("edge-machine").inputs) as { connection: Record<string, unknown> };
  assert.deepEqual(connection, { host: "edge.example", user: "admin", privateKey: "key-of-all" });
  const leaf = graph.named("edge-virtual-kubelet");
  assert.ok(leaf.takesFrom.includes("edge-machine"));
  assert.deepEqual(
    leaf.waitsFor.filter((name) => name.endsWith("-worker")),
    [],
  );
});

test("those of the cluster's map run on a worker by its name, and addons wait for them", async () => {
  const { graph, result } = await run((door) => {
    const virtualKubelets = {
      "press-7": { runsOn: "w2", provider: ssh, capacity },
      crowd: { provider: { simulated: { nodes: 2 } } },
    };
    const cluster = small(door, { virtualKubelets });
    new door.Addon("hello", { cluster, manifests: [] });
    return cluster;
  });
  assert.ok(graph.named("prod-press-7-virtual-kubelet").waitsFor.includes("prod-w2-worker"));
  assert.equal(graph.parentOf(graph.named("prod-press-7"))?.name, "prod");
  assert.ok(graph.named("hello-manifests").waitsFor.includes("prod-press-7-virtual-kubelet"));
  assert.deepEqual(result.virtualKubelets["crowd"]?.nodeNames, ["crowd-0", "crowd-1"]);
  assert.deepEqual(result.virtualKubelets["press-7"]?.nodeNames, ["press-7"]);
});

test("a worker does not wait for the agents on it: they are made after it and leave before it", async () => {
  const { graph } = await run((door) => {
    new door.VirtualKubeletNode("press-7", { cluster: small(door), provider: ssh, capacity });
  });
  assert.ok(!graph.named("prod-w1-worker").waitsFor.some((name) => name.startsWith("press-7")));
});

test("credentials of devices and other clusters are secrets, and nothing else is", async () => {
  const { graph } = await run((door) => {
    const cluster = small(door);
    const proxy = { host: "10.0.9.1", password: "jump-password" };
    const connection = { ...ssh.ssh.connection, privateKeyPassword: "phrase", proxy };
    new door.VirtualKubeletNode("press-7", { cluster, provider: { ssh: { connection } }, capacity });
    const server = "https://api.example";
    const certified = { server, clientCertificate: "certificate", clientKey: "client-key" };
    new door.VirtualKubeletNode("certified", { cluster, provider: { cluster: certified } });
    new door.VirtualKubeletNode("configured", { cluster, provider: { cluster: { kubeconfig: "text" } } });
    new door.VirtualKubeletNode("by-token", { cluster, provider: { cluster: { server, token: "token" } } });
    const named = { server, username: "edge", password: "word" };
    new door.VirtualKubeletNode("by-password", { cluster, provider: { cluster: named } });
  });
  const paths = (name: string) => {
    const { provider } = graph.named(`${name}-virtual-kubelet`).inputs as { provider: unknown };
    return secretPaths(provider).sort();
  };
  assert.deepEqual(paths("press-7"), [
    "ssh.connection.privateKey",
    "ssh.connection.privateKeyPassword",
    "ssh.connection.proxy.password",
  ]);
  assert.deepEqual(paths("certified"), ["cluster.clientKey"]);
  assert.deepEqual(paths("configured"), ["cluster.kubeconfig"]);
  assert.deepEqual(paths("by-token"), ["cluster.token"]);
  assert.deepEqual(paths("by-password"), ["cluster.password"]);
});

async function lateRefusal(args: object, own: Partial<kubeadm.K8sClusterArgs> = {}): Promise<string> {
  let told = "";
  const { graph } = await run((door) => {
    const cluster = small(door, own);
    try {
      new door.VirtualKubeletNode("press-7", { cluster, provider: ssh, capacity, ...args });
    } catch (error) {
      assert.ok(error instanceof pulumi.RunError, String(error));
      told = error.message;
    }
  });
  assert.deepEqual(
    graph.leaves.filter(({ name }) => name.startsWith("press-7")),
    [],
  );
  return told;
}

const both = { ...ssh, simulated: {} };
const remote = (cluster: object) => ({ provider: { cluster }, capacity: {} });
const wrong: [string, object, RegExp][] = [
  ["no provider", { provider: {} }, /provider: is exactly one of ssh, serial, cri, cluster, simulated; none/],
  ["two of them", { provider: both }, /provider: .*ssh and simulated are given/],
  [
    "one that is none",
    { provider: { telnet: {} } },
    /a problem:\n {2}- provider: "telnet" is none of ssh, serial, cri, cluster, simulated$/,
  ],
  ["the runtime of a worker", { provider: { cri: {} } }, /runsOn: has to be a `\{ connection \}` for `cri`/],
  ["a socket that is none", { provider: { cri: { socket: "containerd.sock" } } }, /provider\.cri\.socket/],
  ["another cluster, beside a device", { provider: { ...ssh, cluster: { kubeconfig: "x" } } }, /ssh and cluster are/],
  ["a device without credentials", { provider: { ssh: { connection: { host: "x" } } } }, /needs `privateKey` or/],
  [
    "a host key that is none",
    { provider: { ssh: { connection: { ...ssh.ssh.connection, hostKey: "aa:bb" } } } },
    /provider\.ssh\.connection\.hostKey/,
  ],
  [
    "a log that is no size, and the device's root",
    { provider: { ssh: { ...ssh.ssh, directory: "/pods/..", logs: { maxSize: "10 MB" } } } },
    /provider\.ssh\.directory: "\/pods\/\.\." is no directory of its own[\s\S]*provider\.ssh\.logs\.maxSize: "10 MB" is no quantity/,
  ],
  [
    "a log smaller than a page",
    { provider: { ssh: { ...ssh.ssh, directory: "/", logs: { maxSize: "4000" } } } },
    /provider\.ssh\.directory[\s\S]*provider\.ssh\.logs\.maxSize: "4000" is less than 4Ki/,
  ],
  ["no capacity", { capacity: {} }, /capacity\.cpu: is needed[\s\S]*capacity\.memory: is needed/],
  ["a capacity that is none", { capacity: { ...capacity, memory: "2 GB" } }, /capacity\.memory: "2 GB"/],
  ["a serial line that is none", { provider: { serial: { device: "COM1" } } }, /provider\.serial\.device/],
  [
    "a line's timings that the agent does not take",
    { provider: { serial: { device: "/dev/ttyS0", timeout: 61, maxLine: 511, pollInterval: 11 } } },
    /provider\.serial\.timeout[\s\S]*provider\.serial\.maxLine[\s\S]*provider\.serial\.pollInterval/,
  ],
  ["no way to a cluster", remote({}), /provider\.cluster: needs a way there/],
  ["a cluster without credentials", remote({ server: "https://x" }), /exactly one credential/],
  [
    "two credentials",
    remote({ server: "https://x", token: "t", username: "u", password: "p" }),
    /exactly one credential/,
  ],
  ["half a credential", remote({ server: "https://x", username: "u" }), /`username` and `password` go together/],
  ["a way that anybody may listen to", remote({ server: "http://x", token: "t" }), /provider\.cluster\.server/],
  ["two ways to a cluster", remote({ kubeconfig: "x", token: "y" }), /provider\.cluster\.token: is in `kubeconfig`/],
  [
    "a context of nothing",
    remote({ server: "https://x", token: "y", context: "c" }),
    /cluster\.context: is for `kubec/,
  ],
  ["no node at all", { provider: { simulated: { nodes: 0 } } }, /provider\.simulated\.nodes/],
  ["the agent's own label", { labels: { type: "x" } }, /labels: "type" is set by the node agent/],
  ["a name of another node", { nodeName: "w1" }, /nodeName: the name w1 is taken/],
  ["a name that is none", { nodeName: "Press 7" }, /nodeName: .*no DNS name/],
  ["an address that is none", { address: "host" }, /address: "host" is no IP address/],
  ["one port for both", { port: 10300, healthPort: 10300 }, /healthPort: has to be another port/],
  ["a control plane's machine", { runsOn: { connection: { host: "cp2.example" } } }, /is the control plane cp2/],
  ["an argument that is none", { lables: {} }, /lables/],
  ["an agent that is not there", { agent: { path: "/nowhere/agent" } }, /agent\.path: cannot read the node agent/],
];

for (const [what, args, line] of wrong) {
  test(`refused: ${what}`, async () => {
    assert.match(await lateRefusal(args), line);
  });
}

test("refused: a control plane, whatever it says of itself", async () => {
  let told = "";
  await run((door) => {
    const cluster = small(door);
    const runsOn = cluster.controlPlanes["cp1"] as unknown as kubeadm.WorkerNode;
    try {
      new door.VirtualKubeletNode("press-7", { cluster, runsOn, provider: ssh, capacity });
    } catch (error) {
      told = (error as Error).message;
    }
  });
  assert.match(told, /runsOn: .*never runs on a control plane/);
});

test("refused: a worker of another cluster, and a cluster without workers", async () => {
  let told = "";
  await run((door) => {
    const runsOn = small(door).workers["w1"];
    const cluster = new door.K8sCluster("other", clusterArgs({ controlPlanes: hosts("o1"), workers: {} }));
    for (const machine of [runsOn, undefined]) {
      try {
        const args = { cluster, provider: ssh, capacity, ...(machine ? { runsOn: machine } : {}) };
        new door.VirtualKubeletNode(machine ? "press-7" : "press-8", args);
      } catch (error) {
        told += (error as Error).message;
      }
    }
  });
  assert.match(told, /worker of another cluster[\s\S]*runsOn: is needed/);
});

test("a second virtual node may not have the name of one that a simulation has", async () => {
  let told = "";
  await run((door) => {
    const cluster = small(door);
    new door.VirtualKubeletNode("crowd", { cluster, provider: { simulated: { nodes: 3 } } });
    try {
      new door.VirtualKubeletNode("crowd-2", { cluster, provider: { simulated: {} } });
    } catch (error) {
      told = (error as Error).message;
    }
  });
  assert.match(told, /crowd-2 is taken/);
});

test("those of the map are refused with the rest of the cluster's arguments, by their paths", async () => {
  const virtualKubelets = {
    w1: { provider: ssh, capacity },
    a: { runsOn: "cp1", provider: ssh, capacity },
    b: { runsOn: "nobody", provider: ssh, capacity },
    c: { runsOn: { connection: { host: "cp1.example" } }, provider: { simulated: {} } },
    d: { provider: { cri: {} }, capacity },
  };
  const text = await refusal((door) => small(door, { virtualKubelets, kubernetesVersion: "latest" }));
  for (const line of [
    /kubernetesVersion/,
    /virtualKubelets\.w1: the name w1 is taken/,
    /virtualKubelets\.a\.runsOn: cp1 is a control plane/,
    /virtualKubelets\.b\.runsOn: there is no node "nobody"/,
    /virtualKubelets\.c\.runsOn\.connection\.host: is the control plane cp1/,
    /virtualKubelets\.d\.runsOn: has to be a `\{ connection \}`/,
  ])
    assert.match(text, line);
});
