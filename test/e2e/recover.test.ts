// A quorum that is lost for good: two of three control planes gone, then all of them with their disks; one cluster for both, behind a
// virtual address.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Poller } from "../support/poller";
import { clusterOf, Program, type Spec, secret } from "../support/program";
import { ending, type Outcome } from "../support/stack";
import { TestLab } from "../support/testLab";
import { isReady, type Loose, Workstation } from "../support/workstation";
import { projectDir } from "../tools/versions";

const controlPlanes = ["c1", "c2", "c3"];
const passphrase = "an e2e passphrase";

describe("a quorum that is lost for good", () => {
  let lab: TestLab;
  let program: Program;
  let kubectl: Workstation;
  let spec: Spec;
  let dir: string;
  let revision = 0;
  let uid = "";
  let virtual: string;
  let api: Poller;

  /** The command as an operator types it, with the keys of hosts known beforehand. */
  async function recover(...words: string[]): Promise<Outcome> {
    const { host, hostKey } = lab.connection("c1");
    writeFileSync(join(dir, "known_hosts"), `${host} ${hostKey}\n`);
    const command = [join(projectDir, "dist", "bin", "pulumi-kubeadm.js"), "recover", "--host", `root@${host}`];
    const way = ["--key", join(dir, "key"), "--known-hosts", join(dir, "known_hosts")];
    const child = spawn(process.execPath, [...command, ...way, ...words], { stdio: ["ignore", "pipe", "pipe"] });
    return ending(child, (line) => {
      if (process.env["E2E_ECHO"]) process.stderr.write(`    | ${line}\n`);
    });
  }

  async function up(names: string[] = controlPlanes): Promise<Outcome> {
    const args = await clusterOf(
      lab,
      { controlPlanes: names, workers: ["w1"] },
      {
        backup: { copyTo: join(dir, "copies"), passphrase: secret("passphrase") },
        endpoint: { virtualIp: { address: virtual } },
      },
    );
    spec = { clusters: { ha: args } };
    await program.describe(spec);
    return program.stack.up();
  }

  async function mustUp(names?: string[]): Promise<void> {
    const { code, output } = await up(names);
    assert.equal(code, 0, output);
  }

  async function currentRevision(): Promise<number> {
    const list = JSON.parse(await kubectl.run("get", "--raw", "/api/v1/namespaces?limit=1"));
    return Number(list.metadata.resourceVersion);
  }

  const mark = (name: string) =>
    kubectl.applyAs("e2e", { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default" } });

  async function marks(): Promise<string[]> {
    const { items } = await kubectl.get("configmaps", "-n", "default");
    return items.map((item: Loose) => item.metadata.name).filter((name: string) => name !== "kube-root-ca.crt");
  }

  /** Which cluster this is: no other one has a kube-system with this id. */
  const clusterUid = () => kubectl.run("get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}");

  async function allReady(...names: string[]): Promise<void> {
    const nodes = await kubectl.nodes();
    assert.deepEqual(Object.keys(nodes).sort(), names);
    for (const node of Object.values(nodes)) assert.ok(isReady(node), `${node.metadata.name} is not Ready`);
  }

  before(async () => {
    lab = await TestLab.open("e2e-recover");
    dir = mkdtempSync(join(tmpdir(), "recover-"));
    await lab.up([...controlPlanes, "w1"]);
    virtual = lab.host("c1").address.replace(/\d+$/, "200");
    writeFileSync(join(dir, "key"), lab.privateKey(), { mode: 0o600 });
    writeFileSync(join(dir, "passphrase"), `${passphrase}\n`, { mode: 0o600 });
    program = await Program.create();
    await program.describe({}, { sshKey: lab.privateKey(), passphrase });
    // The backups before the later joins know the worker.
    await mustUp(["c1"]);
    await mustUp();
    kubectl = await Workstation.create(await program.kubeconfig("ha"));
    api = await Poller.api(virtual, 8443);
    uid = await clusterUid();
    await mark("after-the-last-backup");
  });

  after(async () => {
    await api?.stop();
    program?.close();
    await lab?.close();
    if (dir) rmSync(dir, { recursive: true, force: true });
  });

  it("is none while a quorum lives", async () => {
    await lab.powerOff("c3");
    const { code, output } = await recover("--yes");
    assert.equal(code, 1, output);
    assert.match(output, /the cluster has its quorum/);
  });

  it("of two of three comes back on the one that survived, once somebody has agreed", async () => {
    revision = await currentRevision();
    await lab.powerOff("c2");
    const asked = await recover();
    assert.equal(asked.code, 1, asked.output);
    assert.match(asked.output, /given up +c2 .*c3/);
    assert.match(asked.output, /--yes/);
    const { code, output } = await recover("--yes");
    assert.equal(code, 0, output);
    await allReady("c1", "w1");
    api.part("two of three lost, the third recovered");
    assert.deepEqual(await marks(), ["after-the-last-backup"]);
    assert.equal(await clusterUid(), uid);
    assert.ok((await currentRevision()) > revision, "clients would see time go back");
    assert.match(await lab.sh("c1", "ls -d /var/lib/etcd.before-recovery-*/member"), /member/);
  });

  it("of all three is not started anew, neither by `up` nor while it is prepared", async () => {
    revision = await currentRevision();
    await Promise.all(controlPlanes.map((host) => lab.reinstall(host)));
    const refused = await up();
    assert.notEqual(refused.code, 0, refused.output);
    assert.match(refused.output, /KUBEADM_RECOVER=prepare/);
    program.stack.options.env = { KUBEADM_RECOVER: "prepare" };
    const prepared = await up();
    program.stack.options.env = {};
    assert.notEqual(prepared.code, 0, prepared.output);
    assert.match(prepared.output, /npx pulumi-kubeadm recover/);
    assert.equal(await lab.sh("c1", "ls /etc/kubernetes/manifests 2>/dev/null || true"), "");
  });

  it("of all three comes back from the copy off the hosts", async () => {
    const [cluster = ""] = readdirSync(join(dir, "copies"));
    const copies = readdirSync(join(dir, "copies", cluster)).sort();
    const backup = join(dir, "copies", cluster, copies.at(-1) ?? "");
    writeFileSync(join(dir, "wrong"), "another\n");
    const wrong = await recover("--yes", "--backup", backup, "--passphrase-file", join(dir, "wrong"));
    assert.match(wrong.output, /cannot be decrypted/);
    const { code, output } = await recover("--yes", "--backup", backup, "--passphrase-file", join(dir, "passphrase"));
    assert.equal(code, 0, output);
    assert.doesNotMatch(output, new RegExp(passphrase));
    // Nobody holds the virtual address until the program says again who does.
    const own = `${lab.host("c1").address}:6443`;
    kubectl = await Workstation.create((await program.kubeconfig("ha")).replace(`${virtual}:8443`, own));
    assert.ok((await currentRevision()) > revision, "clients would see time go back");
    assert.deepEqual(Object.keys(await kubectl.nodes()).sort(), ["c1", "w1"]);
    assert.equal(await clusterUid(), uid);
    assert.deepEqual(await marks(), [], "what came after the backup is lost");
  });

  it("is whole again after the next `up`, at its address and on new machines", async () => {
    await mustUp();
    kubectl = await Workstation.create(await program.kubeconfig("ha"));
    await allReady(...controlPlanes, "w1");
    await program.stack.assertSettled();
    api.part("all three lost, recovered and joined");
  });
});
