// A control plane that cannot be lost: three behind a virtual address that keepalived holds, replaced, removed, powered off.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { etcdctl, etcdLeader, etcdMembers } from "../support/etcd";
import { eventually } from "../support/patience";
import { Poller } from "../support/poller";
import { type Args, clusterOf, Program, type Spec } from "../support/program";
import { differences, type Snapshot, snapshot } from "../support/snapshot";
import { TestLab } from "../support/testLab";
import { isReady, type Loose, Workstation } from "../support/workstation";
import { spread } from "./spread";

/** c4 takes c1's place under its name. */
const machines = ["c1", "c2", "c3", "c4"];
const hosts = [...machines, "w1"];
const port = 8443;
type Nodes = Record<string, Args>;

describe("a control plane behind a virtual address", () => {
  let lab: TestLab;
  let program: Program;
  let kubectl: Workstation;
  let address: string;
  let cluster: Args & { controlPlanes: Nodes };
  let spec: Spec;
  const pollers: Poller[] = [];
  const found = new Map<string, Snapshot>();

  async function up(choice?: string): Promise<string> {
    await program.describe(spec);
    program.stack.options.env = choice === undefined ? {} : { KUBEADM_ON_UNREACHABLE: choice };
    const { code, output } = await program.stack.up();
    assert.equal(code, 0, output);
    return output;
  }

  /** The program without any of these control planes, and what it said of them. */
  function without(...names: string[]): Nodes {
    const all = cluster.controlPlanes;
    cluster.controlPlanes = Object.fromEntries(Object.entries(all).filter(([name]) => !names.includes(name)));
    return all;
  }

  async function holdersAmong(names: readonly string[]): Promise<string[]> {
    const has = async (name: string): Promise<boolean> =>
      (await lab.sh(name, `ip -o address show to ${address}`)) !== "";
    const answers = await Promise.all(names.map(async (name) => ((await has(name)) ? [name] : [])));
    return answers.flat();
  }

  /** The one that holds the address, once there is exactly one of them and the API answers there. */
  async function holder(names: readonly string[]): Promise<string> {
    return eventually(`one of ${names.join(", ")} holds the address and answers`, async () => {
      const [one, ...others] = await holdersAmong(names);
      if (one === undefined || others.length > 0) return undefined;
      await kubectl.run("get", "--raw", "/readyz");
      return one;
    });
  }

  async function readyNodes(names: readonly string[]): Promise<void> {
    await eventually(`${names.join(", ")} are Ready, and nobody else is there`, async () => {
      const nodes: Record<string, Loose> = await kubectl.nodes();
      const same = Object.keys(nodes).sort().join() === [...names].sort().join();
      return (same && Object.values(nodes).every(isReady)) || undefined;
    });
  }

  const members = async (node: string): Promise<string[]> => (await etcdMembers(kubectl, node)).map(({ name }) => name);

  function told(part: string): void {
    for (const poller of pollers) poller.part(part);
  }

  before(async () => {
    lab = await TestLab.open("e2e-vip");
    await lab.up(hosts);
    for (const host of hosts) found.set(host, await snapshot(lab, host));
    address = lab.host("c1").address.replace(/\d+$/, "200");
    program = await Program.create();
    const args = await clusterOf(lab, { controlPlanes: ["c1", "c2", "c3"], workers: ["w1"] });
    cluster = { ...args, endpoint: { virtualIp: { address, virtualRouterId: 77 } } } as unknown as typeof cluster;
    for (const node of Object.values(cluster.controlPlanes)) node["worker"] = true;
    spec = { clusters: { vip: cluster }, addons: { web: { cluster: "vip", manifests: spread() } } };
    await program.describe(spec, { sshKey: lab.privateKey() });
  });

  after(async () => {
    for (const poller of pollers) await poller.stop();
    program?.close();
    await lab?.close();
  });

  it("is not made at an address that somebody has", async () => {
    await lab.sh("w1", `ip address add ${address}/32 dev eth0`);
    const { code, output } = await program.stack.up();
    assert.notEqual(code, 0, output);
    assert.match(output, /VirtualIP: .*virtual address/);
    assert.match(output, /nothing has been changed/);
    await lab.sh("w1", `ip address del ${address}/32 dev eth0`);
  });

  it("comes up from bare hosts, everything through that address", async () => {
    pollers.push(await Poller.api(address, port));
    await up();
    told("init and two joins");
    const kubeconfig = await program.kubeconfig("vip");
    assert.match(kubeconfig, new RegExp(`server: https://${address}:${port}`));
    kubectl = await Workstation.create(kubeconfig);
    await readyNodes(["c1", "c2", "c3", "w1"]);
    assert.deepEqual(await members("c1"), ["c1", "c2", "c3"]);
    await holder(["c1", "c2", "c3"]);
    const { spec: service } = await kubectl.get("service", "web", "-n", "web");
    pollers.push(await Poller.service(lab, "w1", service.clusterIP));
    await program.stack.assertSettled();
    told("nothing to do");
  });

  it("loses the machine that holds the address, and its API answers on", async () => {
    const all = ["c1", "c2", "c3"];
    const first = await holder(all);
    await lab.powerOff(first);
    const second = await holder(all.filter((name) => name !== first));
    told("holder powered off");
    await lab.powerOn(first);
    await readyNodes([...all, "w1"]);
    assert.equal(await holder(all), second, "the address stays where it is");
    told("holder back");
  });

  it("has the machine replaced that started the cluster, under its name", async () => {
    cluster.controlPlanes["c1"] = { connection: lab.connection("c4"), worker: true };
    await up();
    told("init node replaced");
    await readyNodes(["c1", "c2", "c3", "w1"]);
    assert.deepEqual(await members("c1"), ["c1", "c2", "c3"]);
    assert.deepEqual(await holdersAmong(["c1"]), []);
    assert.deepEqual(differences(found.get("c1") ?? new Map(), await snapshot(lab, "c1")), []);
    await holder(["c4", "c2", "c3"]);
  });

  let left: Nodes;

  it("goes down to one, without its leader, and without a machine that is off", async () => {
    // Those that leave go in turn, the last of the program first; the dead one has to be that.
    if ((await etcdLeader(kubectl, "c3")) === "c3") {
      const c2 = (await etcdMembers(kubectl, "c3")).find(({ name }) => name === "c2");
      await etcdctl(kubectl, "c3", "move-leader", c2?.id ?? "");
    }
    const leading = await etcdLeader(kubectl, "c1");
    const stays = leading === "c1" ? "c2" : "c1";
    await lab.powerOff("c3");
    left = without(leading, "c3");
    await up("remove");
    told("leader and a dead one removed");
    await readyNodes([stays, "w1"]);
    assert.deepEqual(await members(stays), [stays]);
    assert.equal(await holder([machineOf(stays)]), machineOf(stays));
  });

  it("is not harmed by the machine that comes back", async () => {
    await lab.powerOn("c3");
    const [stays = ""] = Object.keys(cluster.controlPlanes);
    await sleep(10_000);
    assert.deepEqual(await holdersAmong([machineOf(stays), "c3"]), [machineOf(stays)]);
    assert.equal(await lab.sh("c3", "systemctl is-active pulumi-kubeadm-keepalived"), "active");
    assert.equal(await lab.sh("c3", "/etc/pulumi-kubeadm/front/check; echo $?"), "1");
    told("a leftover comes back");
  });

  it("grows to three again, the leftover among them", async () => {
    cluster.controlPlanes = left;
    await up();
    told("two joins");
    await readyNodes(["c1", "c2", "c3", "w1"]);
    assert.deepEqual(await members("c1"), ["c1", "c2", "c3"]);
    await holder(["c4", "c2", "c3"]);
  });

  it("ends, and leaves each host as it was found", async () => {
    for (const poller of pollers.splice(0)) await poller.stop();
    program.stack.options.env = {};
    const { code, output } = await program.stack.destroy();
    assert.equal(code, 0, output);
    for (const host of hosts)
      assert.deepEqual(differences(found.get(host) ?? new Map(), await snapshot(lab, host)), [], host);
    assert.deepEqual(await holdersAmong(hosts), []);
  });

  /** The machine that is node `name` since c1 was replaced. */
  function machineOf(name: string): string {
    return name === "c1" ? "c4" : name;
  }
});
