// Machines that are gone: powered off, cut off, reinstalled, back again; and a cluster that ends while some of them are missing.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { etcdMembers } from "../support/etcd";
import { eventually } from "../support/patience";
import { Poller } from "../support/poller";
import { type Args, addressOf, clusterOf, Program, type Spec } from "../support/program";
import type { Outcome } from "../support/stack";
import { TestLab } from "../support/testLab";
import { isReady, type Loose, Workstation } from "../support/workstation";
import { hello } from "./hello";
import { spread } from "./spread";

const controlPlanes = ["c1", "c2", "c3"];
const hosts = [...controlPlanes, "w1", "w2"];
type Nodes = Record<string, Args>;

describe("machines that are gone", () => {
  let lab: TestLab;
  let program: Program;
  let kubectl: Workstation;
  let cluster: Args & { controlPlanes: Nodes; workers: Nodes };
  let spec: Spec;
  const pollers: Poller[] = [];

  const told = (part: string) => {
    for (const poller of pollers) poller.part(part);
  };

  const choose = (choice?: string) => {
    program.stack.options.env = choice === undefined ? {} : { KUBEADM_ON_UNREACHABLE: choice };
  };

  async function run(choice?: string): Promise<Outcome> {
    await program.describe(spec);
    choose(choice);
    const outcome = await program.stack.up();
    choose();
    return outcome;
  }

  async function up(choice?: string): Promise<string> {
    const { code, output } = await run(choice);
    assert.equal(code, 0, output);
    return output;
  }

  async function refused(pattern: RegExp, choice?: string): Promise<void> {
    const { code, output } = await run(choice);
    assert.notEqual(code, 0, output);
    assert.match(output, pattern);
  }

  async function allReady(names: readonly string[]): Promise<void> {
    const nodes = await kubectl.nodes();
    assert.deepEqual(Object.keys(nodes).sort(), [...names].sort());
    for (const node of Object.values(nodes)) assert.ok(isReady(node), `${node.metadata.name} is not Ready`);
  }

  const members = async (): Promise<string[]> => (await etcdMembers(kubectl, "c1")).map(({ name }) => name);

  const machineOf = async (name: string): Promise<string> =>
    (await kubectl.get("node", name)).status.nodeInfo.machineID;

  /** The kubelet tries, is denied, and looks whether the Node is there all the same. */
  const registrationFails = (host: string) =>
    eventually(`${host} denied`, () =>
      lab.sh(host, "journalctl -u kubelet --no-pager -b | grep -m1 'Unable to register node'"),
    );

  const etcdIsRefused = (host: string) =>
    eventually(`${host} refused by etcd`, () =>
      lab.sh(host, "grep -rhm1 'permanently removed' /var/log/pods --include=*.log"),
    );

  const shut = (host: string) => lab.sh(host, "iptables -I INPUT -p tcp --dport 22 -j REJECT --reject-with tcp-reset");
  const open = (host: string) => lab.sh(host, "iptables -D INPUT -p tcp --dport 22 -j REJECT --reject-with tcp-reset");

  before(async () => {
    lab = await TestLab.open("e2e-gone");
    await lab.up(hosts);
    program = await Program.create();
    // Short, because this test waits for hosts that never answer again and again.
    const virtual = lab.host("c1").address.replace(/\d+$/, "200");
    const more = { timeouts: { connect: 10 }, endpoint: { virtualIp: { address: virtual } } };
    cluster = (await clusterOf(lab, { controlPlanes, workers: ["w1", "w2"] }, more)) as typeof cluster;
    const addon = (manifests: Args[]) => ({ cluster: "gone", manifests });
    spec = { clusters: { gone: cluster }, addons: { hello: addon(hello(4)), web: addon(spread()) } };
    await program.describe(spec, { sshKey: lab.privateKey() });
  });

  after(async () => {
    for (const poller of pollers) await poller.stop();
    program?.close();
    await lab?.close();
  });

  it("are there at first", async () => {
    await up();
    kubectl = await Workstation.create(await program.kubeconfig("gone"));
    await allReady(hosts);
    const virtual = (cluster["endpoint"] as { virtualIp: { address: string } }).virtualIp.address;
    const { spec: service } = await kubectl.get("service", "web", "-n", "web");
    pollers.push(await Poller.api(virtual, 8443), await Poller.service(lab, "c1", service.clusterIP));
  });

  it("are kept by a refresh, which says that they are unreachable", async () => {
    await Promise.all([lab.powerOff("c3"), lab.powerOff("w2")]);
    const { code, output } = await program.stack.refresh();
    assert.equal(code, 0, output);
    for (const host of ["c3", "w2"]) assert.match(output, new RegExp(`${host} is unreachable, so its last known`));
    assert.doesNotMatch(output, /deleted/);
    told("a control plane and a worker powered off");
  });

  it("are not taken out without the user's word, and quickly with it", async () => {
    const { c3: _c3, ...staying } = cluster.controlPlanes;
    const { w2: _w2, ...working } = cluster.workers;
    cluster.controlPlanes = staying;
    cluster.workers = working;
    await refused(/KUBEADM_ON_UNREACHABLE=remove/);
    assert.deepEqual(await members(), controlPlanes);
    const output = await up("remove");
    assert.match(output, /Left on c3 .*etcd's data/);
    assert.match(output, /Left on w2/);
    assert.deepEqual(await members(), ["c1", "c2"]);
    await allReady(["c1", "c2", "w1"]);
    const pods = await kubectl.get("pods", "-A");
    const stranded = pods.items.filter((pod: Loose) => ["c3", "w2"].includes(pod.spec.nodeName));
    assert.deepEqual(
      stranded.map((pod: Loose) => pod.metadata.name),
      [],
    );
    await kubectl.run("rollout", "status", "-n", "hello", "deployment/hello", "--timeout=60s");
    told("both taken out");
  });

  it("come back and do no harm", async () => {
    await Promise.all([lab.powerOn("c3"), lab.powerOn("w2")]);
    await Promise.all([registrationFails("w2"), etcdIsRefused("c3")]);
    const list = await kubectl.get("configmap", "pulumi-kubeadm-removed-nodes", "-n", "kube-system");
    assert.deepEqual(list.data, { c3: "", w2: "" });
    await allReady(["c1", "c2", "w1"]);
    assert.deepEqual(await members(), ["c1", "c2"]);
    told("both back as leftovers");
  });

  it("join again as what they were, or under another name, after they were cleaned", async () => {
    cluster.controlPlanes = { ...cluster.controlPlanes, c3: { connection: lab.connection("c3") } };
    cluster.workers = { ...cluster.workers, w9: { connection: lab.connection("w2") } };
    await up();
    await allReady(["c1", "c2", "c3", "w1", "w9"]);
    assert.deepEqual(await members(), controlPlanes);
    told("both joined again");
  });

  it("are not gone when only SSH does not answer", async () => {
    const { w1: _w1, ...working } = cluster.workers;
    cluster.workers = working;
    await shut("w1");
    await refused(/w1 is not gone: .*Node is Ready.*\n.*KUBEADM_ON_UNREACHABLE=force/, "remove");
    assert.ok(isReady((await kubectl.nodes())["w1"]));
    await up("force");
    assert.equal((await kubectl.nodes())["w1"], undefined);
    await open("w1");
    told("a worker cut from SSH alone, and taken out");
    await lab.sh("w1", "journalctl --rotate --vacuum-time=1s -q; systemctl restart kubelet");
    await registrationFails("w1");
    assert.equal((await kubectl.nodes())["w1"], undefined);
  });

  it("are noticed when they were reinstalled, and join anew once their new key is pinned", async () => {
    const before = { c3: await machineOf("c3"), w9: await machineOf("w9") };
    await Promise.all([lab.reinstall("c3"), lab.reinstall("w2")]);
    const { code, output } = await program.stack.refresh();
    assert.equal(code, 0, output);
    assert.match(output, /c3.*the host key is not the expected one/);
    cluster.controlPlanes = { ...cluster.controlPlanes, c3: { connection: lab.connection("c3") } };
    cluster.workers = { ...cluster.workers, w9: { connection: lab.connection("w2") } };
    await up();
    await allReady(["c1", "c2", "c3", "w9"]);
    assert.notEqual(await machineOf("c3"), before.c3);
    assert.notEqual(await machineOf("w9"), before.w9);
    assert.deepEqual(await members(), controlPlanes);
    await program.stack.assertSettled();
    told("a control plane and a worker reinstalled");
  });

  it("leave the cluster before their machine's own resource is deleted", async () => {
    const { host, ...connection } = lab.connection("w1");
    const end = lab.endCommand("w1");
    spec.vms = { "vm-w1": { address: String(host), end } };
    spec.workerNodes = { w1: { cluster: "gone", connection: { ...connection, host: addressOf("vm-w1") } } };
    await up();
    await allReady(["c1", "c2", "c3", "w1", "w9"]);
    delete spec.vms;
    delete spec.workerNodes;
    const output = await up();
    assert.ok(output.indexOf("w1-host deleted") < output.indexOf("vm-w1 deleting"), output);
    await allReady(["c1", "c2", "c3", "w9"]);
  });

  it("do not keep the rest from ending, and are named", async () => {
    for (const poller of pollers.splice(0)) await poller.stop();
    await Promise.all([lab.powerOff("c2"), lab.powerOff("w2")]);
    const refused = await program.stack.destroy();
    assert.notEqual(refused.code, 0, refused.output);
    choose("remove");
    const { code, output } = await program.stack.destroy();
    assert.equal(code, 0, output);
    assert.match(output, /Left on c2/);
    assert.match(output, /Left on w9/);
    for (const host of ["c1", "c3"]) assert.equal(await lab.sh(host, "ls -d /etc/kubernetes 2>/dev/null || true"), "");
  });
});
