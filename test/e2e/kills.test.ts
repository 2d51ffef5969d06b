// A run may be killed anywhere, by any signal: the next `up` finishes it, with one cluster and nothing left over.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { etcdMembers } from "../support/etcd";
import { killedAt, type Victim } from "../support/kill";
import { clusterOf, Program, type Spec } from "../support/program";
import { differences, type Snapshot, snapshot } from "../support/snapshot";
import { TestLab } from "../support/testLab";
import { isReady, Workstation } from "../support/workstation";
import { hello } from "./hello";

const hosts = ["cp1", "w1"];

describe("a run that is killed", () => {
  let lab: TestLab;
  let program: Program;
  let kubectl: Workstation;
  const found = new Map<string, Snapshot>();

  const killed = (args: string[], at: RegExp, victim: Victim) => killedAt(program.stack, args, at, victim);

  before(async () => {
    lab = await TestLab.open("e2e-kills");
    await lab.up(hosts);
    for (const host of hosts) found.set(host, await snapshot(lab, host));
    program = await Program.create();
    const spec: Spec = {
      clusters: { kills: await clusterOf(lab, { controlPlanes: ["cp1"], workers: ["w1"] }) },
      addons: { hello: { cluster: "kills", manifests: hello() } },
    };
    await program.describe(spec, { sshKey: lab.privateKey() });
  });

  after(async () => {
    program?.close();
    await lab?.close();
  });

  it("is killed with its provider while it uploads", async () => {
    await killed(["up"], /% sent/, "both");
  });

  it("loses only its provider while it imports images", async () => {
    await killed(["up"], /[2-9] of \d+ images/, "provider");
  });

  it("is killed alone while kubeadm init runs, and its provider ends by itself", async () => {
    await killed(["up"], /kubeadm init.*cp1.*(etcd|kubeconfig|certs)/, "cli");
  });

  it("is killed with its provider while kubeadm init runs", async () => {
    await killed(["up"], /kubeadm init.*cp1.*(control-plane|wait-control-plane|etcd|kubelet-start)/, "both");
  });

  it("is killed with its provider while kubeadm join runs", async () => {
    await killed(["up"], /kubeadm join.*w1/, "both");
  });

  it("is killed with its provider while an addon is applied", async () => {
    await killed(["up"], /hello-manifests creating .*\S/, "both");
  });

  it("then succeeds, with one control plane, one cluster and nothing left over", async () => {
    const { code, output } = await program.stack.up();
    assert.equal(code, 0, output);
    kubectl = await Workstation.create(await program.kubeconfig("kills"));
    const nodes = await kubectl.nodes();
    assert.deepEqual(Object.keys(nodes).sort(), hosts);
    for (const node of Object.values(nodes)) assert.ok(isReady(node), `${node.metadata.name} is not Ready`);
    assert.equal((await etcdMembers(kubectl, "cp1")).length, 1);
    const tokens = await kubectl.get(
      "secrets",
      "-n",
      "kube-system",
      "--field-selector",
      "type=bootstrap.kubernetes.io/token",
    );
    assert.deepEqual(tokens.items, []);
    await program.stack.assertSettled();
  });

  it("leaves each host as it was found, also when the destroy is killed", async () => {
    await killed(["destroy"], /kills-w1-host deleting .*\S/, "both");
    const { code, output } = await program.stack.destroy();
    assert.equal(code, 0, output);
    for (const host of hosts)
      assert.deepEqual(differences(found.get(host) ?? new Map(), await snapshot(lab, host)), [], host);
  });
});
