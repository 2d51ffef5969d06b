// Two clusters from one program at the same time, with the package as users install it; hosts of every kind of access.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { CommandLines } from "../support/commandLines";
import { clusterOf, installPacked, Program, type Spec, secret } from "../support/program";
import { differences, type Snapshot, snapshot } from "../support/snapshot";
import { TestLab } from "../support/testLab";
import { isReady, Workstation } from "../support/workstation";
import { hello, helloAnswer } from "./hello";

const sudoPassword = "spoken only to sudo, never printed";
const hosts = ["a", "b", "inner"];

describe("two clusters from one program", () => {
  let lab: TestLab;
  let program: Program;
  let spec: Spec;
  const found = new Map<string, Snapshot>();

  const secrets = () => ({ sshKey: lab.privateKey(), sudoPassword });
  const keyLine = () => lab.privateKey().split("\n")[2] ?? "no key";
  const single = (name: string) => ({ [name]: { connection: lab.connection(name), worker: true } });

  /** Reached only through host a, by a user who has to tell sudo a password. */
  const inner = () => ({
    cluster: "alpha",
    connection: {
      ...lab.connection("inner"),
      user: "ops",
      sudo: { password: secret("sudoPassword") },
      proxy: { ...lab.connection("a"), user: "root", privateKey: secret("sshKey") },
    },
  });

  before(async () => {
    lab = await TestLab.open("e2e-clusters");
    await lab.up(["a", "b"]);
    await lab.up(["inner"], { user: "ops", sudoPassword, behind: "a" });
    for (const host of hosts) found.set(host, await snapshot(lab, host));
    program = await Program.create(undefined, installPacked);
    spec = {
      clusters: {
        alpha: { ...(await clusterOf(lab, { controlPlanes: ["a"] })), controlPlanes: single("a") },
        beta: { ...(await clusterOf(lab, { controlPlanes: ["b"] })), controlPlanes: single("b") },
      },
      workerNodes: { inner: inner() },
      addons: { hello: { cluster: "beta", manifests: hello(1) } },
    };
  });

  after(async () => {
    program?.close();
    await lab?.close();
  });

  it("come up side by side: control planes that are workers too, one host behind a jump host with sudo", async () => {
    await program.describe(spec, secrets());
    // A join token, and what was given as a secret.
    const watch = new CommandLines([/\b[a-z0-9]{6}\.[a-z0-9]{16}\b/, sudoPassword, keyLine()]);
    const { code, output } = await program.stack.up();
    watch.stop();
    assert.equal(code, 0, output);
    assert.ok(
      [...watch.seen].some((line) => line.includes("kubeadm join")),
      "no kubeadm join was seen",
    );
    assert.deepEqual([...watch.found], []);
    const alpha = await Workstation.create(await program.kubeconfig("alpha"));
    const beta = await Workstation.create(await program.kubeconfig("beta"));
    assert.deepEqual(Object.keys(await alpha.nodes()).sort(), ["a", "inner"]);
    assert.deepEqual(Object.keys(await beta.nodes()), ["b"]);
    for (const node of [...Object.values(await alpha.nodes()), ...Object.values(await beta.nodes())])
      assert.ok(isReady(node));
    assert.equal((await beta.nodes())["b"].spec.taints, undefined);
    assert.match(await helloAnswer(lab, beta, "b"), /^hello-/);
    await program.stack.assertSettled();
  });

  it("keep to their own hosts: a third cluster is refused a host of theirs before it changes anything", async () => {
    const before = await lab.sh("b", "find /etc /var/lib/pulumi-kubeadm -type f | sort | xargs sha256sum");
    const other = await Program.create();
    try {
      await other.describe({ clusters: { gamma: await clusterOf(lab, { controlPlanes: ["b"] }) } }, secrets());
      const { code, output } = await other.stack.up();
      assert.notEqual(code, 0, output);
      assert.match(output, /OtherCluster/);
    } finally {
      other.close();
    }
    assert.equal(await lab.sh("b", "find /etc /var/lib/pulumi-kubeadm -type f | sort | xargs sha256sum"), before);
  });

  it("end together and leave each host as it was found", async () => {
    const { code, output } = await program.stack.destroy();
    assert.equal(code, 0, output);
    for (const host of hosts)
      assert.deepEqual(differences(found.get(host) ?? new Map(), await snapshot(lab, host)), [], host);
  });

  it("never showed a password or a key, in output or state", () => {
    for (const text of [program.stack.transcript, program.stack.storedState()]) {
      assert.ok(!text.includes(sudoPassword));
      assert.ok(!text.includes(keyLine()));
    }
  });
});
