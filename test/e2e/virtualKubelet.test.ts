// Virtual nodes through the real CLI: a device with an sshd and BusyBox alone, and simulated ones, by agents on a worker.
import assert from "node:assert/strict";
import { appendFileSync, copyFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { eventually } from "../support/patience";
import { type Args, clusterOf, containerHosts, Program, type Spec, secret } from "../support/program";
import { differences, type Snapshot, snapshot } from "../support/snapshot";
import { TestLab } from "../support/testLab";
import { assertSame, killAgent, nodeReady, nodeUnreachable, onlyRunning } from "../support/virtualNodes";
import { isReady, type Loose, Workstation } from "../support/workstation";
import { nodeAgent } from "../tools/nodeAgent";
import { newKey } from "./sshKeys";

const hosts = ["cp1", "w1"];

/** The cluster's signer dates back by five minutes: renewed is after 70 to 90 % of ten, two to four minutes after it was signed. */
const shortLived = {
  kubeadm: {
    ...containerHosts.kubeadm,
    clusterConfiguration: { controllerManager: { extraArgs: [{ name: "cluster-signing-duration", value: "5m" }] } },
  },
};

/** By what a run printed, the agents on the worker had left before it did. */
function assertAgentsFirst(output: string): void {
  const deleted = (name: string): number => {
    const at = output.search(new RegExp(`${name} deleted`));
    assert.ok(at >= 0, `${name} was deleted: ${output}`);
    return at;
  };
  for (const name of ["life-life-press-7-virtual-kubelet", "crowd-virtual-kubelet", "steady-virtual-kubelet"])
    assert.ok(deleted(name) < deleted("life-w1-worker"), name);
}

/** A pod of the virtual node's own: the device has a shell and no images. */
function worker(): Args[] {
  const labels = { app: "press" };
  const container = {
    name: "loop",
    image: "has/no:meaning",
    command: ["sh", "-c", 'echo "begun $SPEED"; while true; do sleep 1; done'],
    env: [{ name: "SPEED", valueFrom: { configMapKeyRef: { name: "settings", key: "speed" } } }],
  };
  const spec = {
    nodeSelector: { "kubernetes.io/hostname": "life-press-7" },
    tolerations: [{ key: "virtual-kubelet.io/provider", operator: "Exists" }],
    terminationGracePeriodSeconds: 2,
    containers: [container],
  };
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "hall" } },
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "settings", namespace: "hall" },
      data: { speed: "fast" },
    },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "press", namespace: "hall" },
      spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    },
  ];
}

interface Agent {
  /** What it proves itself with, and what it serves with. */
  client: string;
  serving: string;
  /** Its process, which no renewal may end. */
  pid: string;
}

describe("virtual nodes", () => {
  let lab: TestLab;
  let program: Program;
  let kubectl: Workstation;
  let spec: Spec;
  let press: Args & { provider: { ssh: { connection: Args; logs?: Args } } };
  let crowd: Args & { cluster: string; provider: { simulated: { nodes: number } } };
  let deviceBefore = "";
  let atFirst: Agent;
  const found = new Map<string, Snapshot>();

  async function up(...flags: string[]): Promise<string> {
    const { code, output } = await program.stack.up(...flags);
    assert.equal(code, 0, output);
    return output;
  }

  /** Everything of the device's own tree; its clock and its logs are nobody's leftovers. */
  const deviceFiles = () =>
    lab.sh("press", "find /device -xdev -path /device/tmp -prune -o -path /device/run -prune -o -print | sort");
  /** What runs there for pods: neither init nor sshd. */
  const devicePods = () => lab.sh("press", "ps -eo args | grep '[w]hile true' || true");

  const onlyPod = () => onlyRunning(kubectl, "hall", "press");

  /** The same pod, and the same process in it. */
  const same = async (before: Loose) => assertSame(before, await onlyPod());

  const ready = (name: string) => nodeReady(kubectl, name);

  /** The agent of a node that no test touches. The serving certificate is the one that a client of its port is shown. */
  async function steadyAgent(): Promise<Agent> {
    const { status } = (await kubectl.nodes())["steady"];
    const served = `${lab.host("w1").address}:${status.daemonEndpoints.kubeletEndpoint.Port}`;
    const serial = "openssl x509 -noout -serial";
    const said = await lab.sh(
      "w1",
      `${serial} -in /etc/pulumi-kubeadm/virtual-kubelet/steady/pki/kubelet-client-current.pem
openssl s_client -connect ${served} </dev/null 2>/dev/null | ${serial}
systemctl show -p MainPID --value pulumi-virtual-kubelet@steady`,
    );
    const [client = "", serving = "", pid = ""] = said.trim().split("\n");
    for (const one of [client, serving]) assert.match(one, /^serial=[0-9A-F]+$/);
    return { client, serving, pid };
  }

  before(async () => {
    lab = await TestLab.open("e2e-virtual");
    await lab.up(hosts);
    await lab.up(["press"], { user: "plc", device: true });
    for (const host of hosts) found.set(host, await snapshot(lab, host));
    deviceBefore = await deviceFiles();
    program = await Program.create();
    press = {
      runsOn: "w1",
      provider: {
        ssh: { connection: { host: lab.host("press").address, user: "plc", privateKey: secret("deviceKey") } },
      },
      capacity: { cpu: "4", memory: "2Gi", pods: 5 },
      labels: { site: "hall-2" },
      timeouts: { drain: 60 },
    };
    crowd = { cluster: "life", runsOn: "w1", provider: { simulated: { nodes: 3 } } };
    const steady = { cluster: "life", runsOn: "w1", provider: { simulated: {} } };
    spec = {
      clusters: {
        life: await clusterOf(
          lab,
          { controlPlanes: ["cp1"], workers: ["w1"] },
          { ...shortLived, virtualKubelets: { "life-press-7": press } },
        ),
      },
      virtualKubeletNodes: { crowd, steady },
      addons: { press: { cluster: "life", manifests: worker(), wait: false } },
    };
    await program.describe(spec, { sshKey: lab.privateKey(), deviceKey: lab.privateKey() });
  });

  after(async () => {
    program?.close();
    await lab?.close();
  });

  it("are made by one up, each Ready by its own agent's word", async () => {
    await up();
    kubectl = await Workstation.create(await program.kubeconfig("life"));
    const nodes = await kubectl.nodes();
    assert.deepEqual(Object.keys(nodes).sort(), [
      ...["cp1", "crowd-0", "crowd-1", "crowd-2", "life-press-7", "steady", "w1"],
    ]);
    for (const node of Object.values(nodes)) assert.ok(isReady(node), `${node.metadata.name} is not Ready`);
    const { metadata, spec: own, status } = nodes["life-press-7"];
    assert.equal(metadata.labels.type, "virtual-kubelet");
    assert.equal(metadata.labels["kubernetes.io/role"], "agent");
    assert.equal(metadata.labels.site, "hall-2");
    assert.deepEqual(own.taints, [{ key: "virtual-kubelet.io/provider", value: "ssh", effect: "NoSchedule" }]);
    assert.equal(status.capacity.pods, "5");
    atFirst = await steadyAgent();
  });

  it("get no pod of kube-proxy and the CNI", async () => {
    const proxies = await kubectl.get("pods", "-n", "kube-system", "-l", "k8s-app=kube-proxy");
    const flannel = await kubectl.get("pods", "-n", "kube-flannel");
    for (const { items } of [proxies, flannel]) {
      const nodes = items.map((pod: Loose) => pod.spec.nodeName).sort();
      assert.deepEqual(nodes, ["cp1", "w1"]);
    }
  });

  it("run a pod as a process of the device, whose log comes back", async () => {
    const pod = await onlyPod();
    assert.equal(pod.spec.nodeName, "life-press-7");
    assert.match(await devicePods(), /while true/);
    const log = await eventually("the pod's first line", () => kubectl.run("logs", "-n", "hall", pod.metadata.name));
    assert.equal(log, "begun fast\n");
  });

  it("change nothing the second time", async () => {
    await program.stack.assertSettled();
  });

  it("take another capacity, labels, taints and log sizes without touching a pod", async () => {
    const pod = await onlyPod();
    press.provider.ssh.logs = { maxFiles: 4 };
    press["capacity"] = { cpu: "4", memory: "2Gi", pods: 9 };
    press["labels"] = { site: "hall-3" };
    press["taints"] = [{ key: "dedicated", value: "press", effect: "PreferNoSchedule" }];
    await program.describe(spec);
    const output = await up();
    assert.match(output, /~ .*life-life-press-7-virtual-kubelet/);
    const node = await ready("life-press-7");
    assert.equal(node.status.capacity.pods, "9");
    assert.equal(node.metadata.labels.site, "hall-3");
    assert.deepEqual(node.spec.taints.map(({ key }: Loose) => key).sort(), [
      "dedicated",
      "virtual-kubelet.io/provider",
    ]);
    await same(pod);
  });

  it("take rotated credentials of the device without touching a pod", async () => {
    const pod = await onlyPod();
    const rotated = await newKey();
    const script = 'printf "%s\\n" "$1" >/device/home/plc/.ssh/authorized_keys';
    await lab.exec("press", ["sh", "-c", script, "sh", rotated.publicKey]);
    await program.describe(spec, { sshKey: lab.privateKey(), deviceKey: rotated.privateKey });
    await up();
    await ready("life-press-7");
    await same(pod);
  });

  it("show on refresh what others changed, and put it right", async () => {
    const pod = await onlyPod();
    await kubectl.run("label", "node", "life-press-7", "--overwrite", "site=stolen");
    await lab.sh("w1", "systemctl stop pulumi-virtual-kubelet@life-press-7");
    await lab.sh("w1", "echo '# mine' >>/etc/pulumi-kubeadm/virtual-kubelet/crowd/node.yaml");
    const refreshed = await program.stack.refresh();
    assert.equal(refreshed.code, 0, refreshed.output);
    for (const name of ["life-life-press-7", "crowd"])
      assert.match(refreshed.output, new RegExp(`~ .*${name}-virtual-kubelet`));
    await up();
    assert.equal((await ready("life-press-7")).metadata.labels.site, "hall-3");
    await same(pod);
  });

  it("lose no pod when an agent is killed", async () => {
    const pod = await onlyPod();
    await killAgent(lab, "w1", "life-press-7");
    await ready("life-press-7");
    await same(pod);
  });

  it("are not taken out while their device is away, unless the user says so", async () => {
    const { virtualKubelets, ...rest } = spec.clusters?.["life"] ?? {};
    await lab.cut("press");
    try {
      await nodeUnreachable(kubectl, "life-press-7");
      await program.describe({ ...spec, clusters: { life: rest } });
      const { code, output } = await program.stack.up();
      assert.notEqual(code, 0, output);
      assert.match(output, /KUBEADM_ON_UNREACHABLE=remove/);
      assert.ok((await kubectl.nodes())["life-press-7"]);
    } finally {
      await lab.heal("press");
    }
    await program.describe({ ...spec, clusters: { life: { ...rest, virtualKubelets } } });
    await ready("life-press-7");
    await up();
  });

  it("are taken out without their device and without their agent by the user's word, and come back", async () => {
    const { virtualKubelets, ...rest } = spec.clusters?.["life"] ?? {};
    const pod = await onlyPod();
    await lab.cut("press");
    try {
      await lab.sh("w1", "systemctl stop pulumi-virtual-kubelet@life-press-7");
      await eventually("the node of nobody", async () => !isReady((await kubectl.nodes())["life-press-7"]));
      await program.describe({ ...spec, clusters: { life: rest } });
      const stopped = await program.stack.up();
      assert.notEqual(stopped.code, 0, stopped.output);
      assert.match(stopped.output, /clean the node's place.*KUBEADM_ON_UNREACHABLE=remove/s);
      program.stack.options.env = { KUBEADM_ON_UNREACHABLE: "remove" };
      assert.match(await up(), /life-press-7 was taken out without its device: what ran there goes on/);
      assert.equal((await kubectl.nodes())["life-press-7"], undefined);
    } finally {
      program.stack.options.env = {};
      await lab.heal("press");
    }
    await program.describe({ ...spec, clusters: { life: { ...rest, virtualKubelets } } });
    await up();
    await ready("life-press-7");
    assert.notEqual((await onlyPod()).metadata.uid, pod.metadata.uid);
    await eventually("the end of what had gone on", async () => (await devicePods()).split("\n").length === 1);
  });

  it("become fewer and more by a simulation's number", async () => {
    crowd.provider.simulated.nodes = 1;
    await program.describe(spec);
    await up();
    const crowdOf = async () => Object.keys(await kubectl.nodes()).filter((name) => name.startsWith("crowd"));
    assert.deepEqual(await crowdOf(), ["crowd-0"]);
    crowd.provider.simulated.nodes = 2;
    await program.describe(spec);
    await up();
    assert.deepEqual((await crowdOf()).sort(), ["crowd-0", "crowd-1"]);
  });

  it("are never on a control plane", async () => {
    const runsOn = { connection: lab.connection("cp1") };
    const wrong = { cluster: "life", runsOn, provider: { simulated: {} } };
    await program.describe({ ...spec, virtualKubeletNodes: { ...spec.virtualKubeletNodes, wrong } });
    const { code, output } = await program.stack.preview();
    assert.notEqual(code, 0, output);
    assert.match(output, /never runs on/);
    await program.describe(spec);
  });

  it("renew both certificates before they end, without a restart", async () => {
    const renewed = async () => {
      const now = await steadyAgent();
      return now.client !== atFirst.client && now.serving !== atFirst.serving && now;
    };
    assert.equal((await eventually("both certificates renewed", renewed, 300_000)).pid, atFirst.pid);
    await ready("steady");
    assert.equal(await kubectl.run("logs", "-n", "hall", (await onlyPod()).metadata.name), "begun fast\n");
  });

  it("run programs of their own side by side, each as long as a node has it", async () => {
    const programs = async () => (await lab.sh("w1", "ls /usr/local/bin/pulumi-virtual-kubelet*")).trim().split("\n");
    const [shared] = await programs();
    const path = join(program.stack.options.project, "own-agent");
    copyFileSync(join(await nodeAgent(), "linux-amd64", "pulumi-virtual-kubelet"), path);
    // Behind a program's end nobody reads; it is another one all the same.
    appendFileSync(path, "of my own");
    const steady = { cluster: "life", runsOn: "w1", provider: { simulated: {} }, agent: { path } };
    await program.describe({ ...spec, virtualKubeletNodes: { ...spec.virtualKubeletNodes, steady } });
    const output = await up();
    assert.match(output, /~ .*steady-virtual-kubelet updated/);
    assert.doesNotMatch(output, /~ .*crowd-virtual-kubelet/);
    assert.equal((await programs()).length, 2);
    const { pid } = await steadyAgent();
    assert.doesNotMatch(await lab.sh("w1", `tr '\\0' ' ' </proc/${pid}/cmdline`), new RegExp(`^${shared} `));
    await program.stack.assertSettled();
    await program.describe(spec);
    await up();
    assert.deepEqual(await programs(), [shared]);
    await ready("steady");
  });

  it("mind no change of the worker that carries them", async () => {
    const life = spec.clusters?.["life"] as Args & { workers: Record<string, Args> };
    const w1 = { ...life.workers["w1"], labels: { hall: "2" } };
    await program.describe({ ...spec, clusters: { life: { ...life, workers: { w1 } } } });
    const { code, output } = await program.stack.preview();
    assert.equal(code, 0, output);
    assert.match(output, /~ .*life-w1-worker update/);
    assert.doesNotMatch(output, /virtual-kubelet (update|replace)/);
    await program.describe(spec);
  });

  it("leave before a worker that is replaced, and come back on it", async () => {
    const pod = await onlyPod();
    assertAgentsFirst(await up("--replace", "**::life-w1-worker"));
    for (const name of ["w1", "life-press-7", "crowd-0", "steady"]) await ready(name);
    assert.notEqual((await onlyPod()).metadata.uid, pod.metadata.uid);
    assert.equal((await devicePods()).split("\n").length, 1);
    await program.stack.assertSettled();
  });

  it("leave before the worker that carries them, with nothing left on device and machine", async () => {
    const { code, output } = await program.stack.destroy();
    assert.equal(code, 0, output);
    assertAgentsFirst(output);
    assert.equal(await devicePods(), "");
    assert.equal(await deviceFiles(), deviceBefore);
    for (const host of hosts)
      assert.deepEqual(differences(found.get(host) ?? new Map(), await snapshot(lab, host)), [], host);
  });

  it("never printed a secret and stored none in plain", () => {
    const key = lab.privateKey().split("\n")[2] ?? "no key";
    for (const [where, text] of [
      ["output", program.stack.transcript],
      ["state", program.stack.storedState()],
    ] as const)
      assert.ok(!text.includes(key), `the private key is in the ${where}`);
  });
});
