// A cluster comes to the next minor: refused where it must be, killed wherever it hurts, with a worker that is off, and without one
// request to its workload lost.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { companions } from "../../provider/kubeadm/companions";
import { etcdctl, etcdMembers } from "../support/etcd";
import { killedAt } from "../support/kill";
import { eventually } from "../support/patience";
import { Poller } from "../support/poller";
import type { PollReport } from "../support/pollReport";
import { type Args, clusterOf, containerHosts, ofVersion, Program, type Spec } from "../support/program";
import { TestLab } from "../support/testLab";
import { isReady, type Loose, Workstation } from "../support/workstation";
import { namespace, steady, stuck } from "./steady";

const [before133, after134, after135] = ["1.33.13", "1.34.4", "1.35.4"];
const controlPlanes = ["c1", "c2", "c3"];
const all = [...controlPlanes, "w1", "w2"];

describe("an upgrade of a whole cluster", () => {
  let lab: TestLab;
  let program: Program;
  let spec: Spec & { clusters: { big: Args } };
  let kubectl: Workstation;
  let api: Poller;
  let virtual: string;

  async function want(changed: Args): Promise<void> {
    Object.assign(spec.clusters.big, changed);
    await program.describe(spec);
  }

  async function up(env: NodeJS.ProcessEnv = {}): Promise<{ code: number | null; output: string }> {
    program.stack.options.env = env;
    const outcome = await program.stack.up();
    program.stack.options.env = {};
    return outcome;
  }

  async function versions(): Promise<Record<string, string>> {
    const nodes = await kubectl.nodes();
    return Object.fromEntries(all.map((name) => [name, nodes[name].status.nodeInfo.kubeletVersion.slice(1)]));
  }

  const everywhere = (version: string) => Object.fromEntries(all.map((name) => [name, version]));

  /** Nothing of an upgrade is left on any node. */
  async function assertTakingPods(): Promise<void> {
    for (const node of Object.values<Loose>(await kubectl.nodes())) {
      const { name, annotations } = node.metadata;
      assert.notEqual(node.spec.unschedulable, true, `${name} is cordoned`);
      assert.equal(annotations["pulumi-kubeadm/upgrade"], undefined, `${name} carries the mark of an upgrade`);
    }
  }

  /** One that does not know another as a voter reads nothing while that one leads. */
  async function assertReadableWhoeverLeads(): Promise<void> {
    const members = await etcdMembers(kubectl, "c1");
    assert.deepEqual(
      members.map(({ name }) => name),
      controlPlanes,
    );
    const endpoints = members.flatMap(({ clientUrls }) => clientUrls).join(",");
    for (const { id, name } of members) {
      await etcdctl(kubectl, "c1", `--endpoints=${endpoints}`, "move-leader", id);
      await eventually(
        `etcd readable while ${name} leads`,
        () => etcdctl(kubectl, "c1", "endpoint", "health", "--cluster"),
        30_000,
      );
    }
  }

  function assertUninterrupted(report: PollReport): void {
    assert.ok(report.requests > 0, "nobody asked");
    assert.equal(report.failures, 0, JSON.stringify(report));
  }

  before(async () => {
    lab = await TestLab.open("e2e-upgrade");
    await lab.up(all);
    program = await Program.create();
    const args = await clusterOf(lab, { controlPlanes: ["c1", "c2", "c3"], workers: ["w1", "w2"] });
    const controlPlanes = args["controlPlanes"] as Record<string, Args>;
    // What runs steadily has places to go although a worker is off.
    for (const name of ["c2", "c3"]) Object.assign(controlPlanes[name] ?? {}, { worker: true });
    const { kubeletConfiguration } = containerHosts.kubeadm;
    virtual = lab.host("c1").address.replace(/\d+$/, "200");
    const big: Args = {
      ...args,
      endpoint: { virtualIp: { address: virtual } },
      ...(await ofVersion(before133)),
      // kubeadm waits for what the kubelet looks at and tells once a minute.
      kubeadm: {
        ...containerHosts.kubeadm,
        kubeletConfiguration: { ...kubeletConfiguration, syncFrequency: "5s", fileCheckFrequency: "2s" },
      },
      timeouts: { connect: 10, drain: 40 },
    };
    const manifests = [namespace, ...steady(["w2"]), ...stuck("w1"), ...stuck("w2")];
    spec = { clusters: { big }, addons: { steady: { cluster: "big", manifests } } };
    await program.describe(spec, { sshKey: lab.privateKey() });
  });

  after(async () => {
    await api?.stop();
    program?.close();
    await lab?.close();
  });

  it("starts from the former minor", async () => {
    const { code, output } = await up();
    assert.equal(code, 0, output);
    kubectl = await Workstation.create(await program.kubeconfig("big"));
    assert.deepEqual(await versions(), everywhere(before133));
    api = await Poller.api(virtual, 8443);
  });

  it("is refused at preview for a skipped minor and for a downgrade", async () => {
    for (const [version, why] of [
      [after135, /skips a minor/],
      ["1.33.5", /downgrade/],
    ] as const) {
      await want({ kubernetesVersion: version });
      const { code, output } = await program.stack.preview();
      assert.notEqual(code, 0, output);
      assert.match(output, why);
    }
  });

  it("is refused before anything changes where a budget blocks, by the budget's name", async () => {
    await want(await ofVersion(after134));
    const { code, output } = await up();
    assert.notEqual(code, 0, output);
    assert.match(output, /steady\/stuck-w1/);
    assert.deepEqual(await versions(), everywhere(before133));
    await assertTakingPods();
  });

  it("is refused while the only worker that may be away is off, by its name", async () => {
    await lab.powerOff("w2");
    await kubectl.run("wait", "node/w2", "--for=condition=Ready=Unknown", "--timeout=90s");
    const { code, output } = await up({ KUBEADM_DRAIN_ON_BLOCKED: "skip" });
    assert.notEqual(code, 0, output);
    assert.match(output, /w2/);
    assert.match(output, /maxUnavailable/);
    assert.deepEqual(await versions(), everywhere(before133));
  });

  it("is killed during apply and between control planes, and goes on", async () => {
    await want({ upgrade: { maxUnavailable: 2 } });
    program.stack.options.env = { KUBEADM_DRAIN_ON_BLOCKED: "skip" };
    const service = await kubectl.get("service", "steady", "-n", "steady");
    const poller = await Poller.service(lab, "w1", service.spec.clusterIP);
    await killedAt(program.stack, ["up"], /c1-control-plane .*kubeadm upgrade on c1.*staticpods/, "both");
    const pinned = await lab.sh("w1", `ctr -n k8s.io images ls -q 'labels."io.cri-containerd.pinned"==pinned'`);
    for (const version of [before133, after134]) {
      const { coredns } = companions(version);
      assert.match(pinned, new RegExp(`/coredns:${coredns}$`, "m"), "no kubelet short of disk may take it away");
    }
    await killedAt(program.stack, ["up"], /c2-control-plane .*(looking at|asking)/, "both");
    assert.equal((await versions())["c1"], after134);
    assert.equal((await versions())["c3"], before133);
    await killedAt(program.stack, ["up"], /w1-worker .*drain the node/, "both", (line) => {
      if (/w1-worker .*updating/.test(line)) void poller.stop();
    });
    const { c1, c2, c3, w1 } = await versions();
    assert.deepEqual({ c1, c2, c3, w1 }, { c1: after134, c2: after134, c3: after134, w1: before133 });
    assertUninterrupted(await poller.stop());
    api.part("control planes upgraded, three times killed");
  });

  it("upgrades the worker that is there, leaves what its budget holds, and fails by the name of the one that is off", async () => {
    const service = await kubectl.get("service", "steady", "-n", "steady");
    const poller = await Poller.service(lab, "c1", service.spec.clusterIP);
    const { code, output } = await up({ KUBEADM_DRAIN_ON_BLOCKED: "skip" });
    assertUninterrupted(await poller.stop());
    assert.notEqual(code, 0, output);
    assert.match(output, /w2/);
    assert.match(output, /left on w1: PodDisruptionBudget steady\/stuck-w1/);
    assert.equal((await versions())["w1"], after134);
    await assertTakingPods();
  });

  it("ends with the worker that came back, by force where the user says so", async () => {
    await lab.powerOn("w2");
    await kubectl.run("wait", "node/w2", "--for=condition=Ready", "--timeout=120s");
    const { code, output } = await up({ KUBEADM_DRAIN_ON_BLOCKED: "force" });
    assert.equal(code, 0, output);
    assert.deepEqual(await versions(), everywhere(after134));
    for (const node of Object.values(await kubectl.nodes())) assert.ok(isReady(node), node.metadata.name);
    await assertTakingPods();
    const proxy = await kubectl.get("daemonset", "kube-proxy", "-n", "kube-system");
    assert.match(proxy.spec.template.spec.containers[0].image, new RegExp(`:v${after134}$`));
    assert.match(JSON.stringify(proxy.spec.template.spec.affinity), /virtual-kubelet/);
    await program.stack.assertSettled();
    api.part("workers upgraded");
  });

  it("leaves etcd's members in a snapshot, and readable through each whoever leads", async () => {
    for (const name of controlPlanes) {
      const snapshots = await lab.sh(name, "ls /var/lib/etcd/member/snap");
      const indexes = [...snapshots.matchAll(/-([0-9a-f]{16})\.snap$/gm)].map(([, index]) => Number(`0x${index}`));
      assert.ok(Math.max(...indexes) > 10_000, `${name}: ${snapshots}`);
    }
    await assertReadableWhoeverLeads();
  });

  if (process.env["TEST_ALL"]) {
    it("goes to the minor after, without one lost request", async () => {
      spec.addons = { steady: { cluster: "big", manifests: [namespace, ...steady()] } };
      await program.describe(spec);
      // What blocks has to be gone before the upgrade is asked for: an addon changes after it.
      assert.equal((await up()).code, 0);
      await want(await ofVersion(after135));
      const service = await kubectl.get("service", "steady", "-n", "steady");
      const poller = await Poller.service(lab, "c1", service.spec.clusterIP);
      const { code, output } = await up();
      assert.equal(code, 0, output);
      assert.deepEqual(await versions(), everywhere(after135));
      assertUninterrupted(await poller.stop());
      api.part(`upgrade to ${after135}`);
      await assertReadableWhoeverLeads();
    });
  } else process.stdout.write(`    # left out: ${after134} to ${after135}, which TEST_ALL=1 adds\n`);
});
