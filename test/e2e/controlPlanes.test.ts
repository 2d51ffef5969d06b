// Several control planes: joined one by one, their configuration changed in place, one removed.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createReadStream, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { after, before, describe, it } from "node:test";
import { decrypting } from "../../provider/steps/backup/ageFile";
import { etcdMembers } from "../support/etcd";
import { killedAt } from "../support/kill";
import { eventually } from "../support/patience";
import { clusterOf, containerHosts, Program, type Spec, secret } from "../support/program";
import { differences, type Snapshot, snapshot } from "../support/snapshot";
import { TestLab } from "../support/testLab";
import { isReady, Workstation } from "../support/workstation";

const controlPlanes = ["c1", "c2", "c3"];
/** Those that are left when one has gone. */
const staying = ["c1", "c2"];
const hosts = [...controlPlanes, "w1"];
const passphrase = "one-passphrase-for-all-copies";
const policyPath = "/etc/kubernetes/audit/policy.yaml";
const policy = (level: string) => JSON.stringify({ apiVersion: "audit.k8s.io/v1", kind: "Policy", rules: [{ level }] });

describe("several control planes", () => {
  let lab: TestLab;
  let program: Program;
  let copies: string;
  let spec: Spec & { clusters: { ha: Record<string, unknown> } };
  let kubectl: Workstation;
  const found = new Map<string, Snapshot>();

  async function up(...flags: string[]): Promise<string> {
    await program.describe(spec);
    const { code, output } = await program.stack.up(...flags);
    assert.equal(code, 0, output);
    return output;
  }

  const kubeadm = (maxPods: number) => ({
    ...containerHosts.kubeadm,
    kubeletConfiguration: { ...containerHosts.kubeadm.kubeletConfiguration, maxPods },
    clusterConfiguration: {
      apiServer: {
        extraArgs: [
          { name: "audit-policy-file", value: policyPath },
          { name: "audit-log-path", value: "-" },
        ],
      },
    },
  });

  async function voters(): Promise<string[]> {
    return (await etcdMembers(kubectl, "c1")).filter(({ learner }) => !learner).map(({ name }) => name);
  }

  const backupsOn = async (host: string): Promise<string[]> =>
    (await lab.sh(host, "ls -1A /var/lib/pulumi-kubeadm/backups")).split("\n").sort();

  /** When the API server's container on a host was started. */
  const apiServerStart = async (host: string): Promise<string> => {
    const pod = await kubectl.get("pod", `kube-apiserver-${host}`, "-n", "kube-system");
    return pod.status.containerStatuses[0].state.running.startedAt;
  };

  before(async () => {
    lab = await TestLab.open("e2e-ha");
    await lab.up(hosts);
    for (const host of hosts) found.set(host, await snapshot(lab, host));
    program = await Program.create();
    copies = mkdtempSync(join(tmpdir(), "copies-"));
    const backup = { keep: 2, copyTo: copies, passphrase: secret("backup") };
    const args = await clusterOf(lab, { controlPlanes, workers: ["w1"] }, { backup });
    spec = {
      clusters: { ha: { ...args, kubeadm: kubeadm(110), files: { [policyPath]: { content: policy("None") } } } },
    };
    await program.describe(spec, { sshKey: lab.privateKey(), backup: passphrase });
  });

  after(async () => {
    program?.close();
    await lab?.close();
    rmSync(copies, { recursive: true, force: true });
  });

  it("are killed while the last one is a learner of etcd", async () => {
    await killedAt(program.stack, ["up"], /kubeadm join on c3 .*: etcd/, "both");
  });

  it("join one by one, with nothing left that lets another one in", async () => {
    await up();
    kubectl = await Workstation.create(await program.kubeconfig("ha"));
    const nodes = await kubectl.nodes();
    assert.deepEqual(Object.keys(nodes).sort(), hosts);
    for (const node of Object.values(nodes)) assert.ok(isReady(node), `${node.metadata.name} is not Ready`);
    assert.deepEqual(await voters(), controlPlanes);
    const secrets = (await kubectl.get("secrets", "-n", "kube-system")).items.map(
      (item: { metadata: { name: string } }) => item.metadata.name,
    );
    assert.deepEqual(
      secrets.filter((name: string) => /^(bootstrap-token|kubeadm-certs)/.test(name)),
      [],
    );
  });

  it("have a backup from before each change, the last ones on the host and all of them encrypted here", async () => {
    const kept = await backupsOn("c1");
    assert.equal(kept.length, 2);
    const [newest = ""] = kept.slice(-1);
    const directory = `/var/lib/pulumi-kubeadm/backups/${newest}`;
    assert.equal(await lab.sh("c1", `stat -c %a ${directory} ${directory}/*`), "700\n600\n600");
    const told = JSON.parse(await lab.sh("c1", `cat ${directory}/backup.json`));
    assert.equal(await lab.sh("c1", `sha256sum <${directory}/backup.tar | cut -d' ' -f1`), told.tar.sha256);
    const here = join(copies, told.clusterId);
    // The joins of c2 and c3, and that of c3 again.
    assert.ok(readdirSync(here).length >= 3);
    const file = join(here, `${newest}.tar.age`);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.ok(!readFileSync(file).includes("PRIVATE KEY"));
    const opened = await buffer(await decrypting(createReadStream(file), passphrase));
    assert.equal(createHash("sha256").update(opened).digest("hex"), told.tar.sha256);
    assert.ok(opened.includes("PRIVATE KEY"));
    assert.ok(!program.stack.transcript.includes(passphrase));
  });

  it("let none go where etcd would lose its quorum", async () => {
    await lab.sh("c2", "mv /etc/kubernetes/manifests/etcd.yaml /root/etcd.yaml");
    const all = spec.clusters.ha["controlPlanes"] as Record<string, unknown>;
    const { c3: _, ...others } = all;
    spec.clusters.ha["controlPlanes"] = others;
    await program.describe(spec);
    const { code, output } = await program.stack.up();
    await lab.sh("c2", "mv /root/etcd.yaml /etc/kubernetes/manifests/etcd.yaml");
    assert.notEqual(code, 0, output);
    assert.match(output, /c3 cannot leave: etcd would lose its quorum: 1 healthy of 2 members would be left.*c2: /s);
    assert.ok(isReady((await kubectl.nodes())["c3"]));
    assert.deepEqual(await voters(), controlPlanes);
    const ready = `kubectl --kubeconfig /etc/kubernetes/admin.conf --server https://${lab.host("c2").address}:6443 get --raw /readyz`;
    await lab.sh("c2", `for i in $(seq 90); do [ "$(${ready} 2>&1)" = ok ] && exit; sleep 1; done; exit 1`);
    spec.clusters.ha["controlPlanes"] = all;
    await up();
  });

  it("refuse to lose the one whose address is the endpoint", async () => {
    const all = spec.clusters.ha["controlPlanes"] as Record<string, unknown>;
    const { c1, ...others } = all;
    spec.clusters.ha["controlPlanes"] = others;
    await program.describe(spec);
    const { code, output } = await program.stack.up();
    assert.notEqual(code, 0, output);
    assert.match(output, /endpoint/);
    assert.ok(isReady((await kubectl.nodes())["c1"]));
    spec.clusters.ha["controlPlanes"] = { c1, ...others };
    await up();
  });

  it("leave and join again when the user has them replaced, but for the one that may not go", async () => {
    const uid = async (name: string) => (await kubectl.nodes())[name].metadata.uid;
    const before = [await uid("c1"), await uid("c3")];
    const refused = await program.stack.up("--replace", "**::ha-c1-control-plane");
    assert.notEqual(refused.code, 0, refused.output);
    assert.match(refused.output, /c1 is the cluster's endpoint/);
    await up("--replace", "**::ha-c3-control-plane");
    assert.deepEqual(await voters(), controlPlanes);
    const after = [await uid("c1"), await uid("c3")];
    assert.equal(after[0], before[0]);
    assert.notEqual(after[1], before[1]);
    await program.stack.assertSettled();
  });

  it("let one go: its etcd member, its Node and all traces on its host", async () => {
    const { c3: _, ...others } = spec.clusters.ha["controlPlanes"] as Record<string, unknown>;
    spec.clusters.ha["controlPlanes"] = others;
    await up();
    assert.deepEqual(await voters(), staying);
    assert.equal((await kubectl.nodes())["c3"], undefined);
    assert.deepEqual(differences(found.get("c3") ?? new Map(), await snapshot(lab, "c3")), []);
  });

  it("restart their API servers when a file that these read has changed", async () => {
    const before = await Promise.all(staying.map(apiServerStart));
    spec.clusters.ha["files"] = { [policyPath]: { content: policy("Metadata") } };
    await up();
    for (const host of staying) assert.match(await lab.sh(host, `cat ${policyPath}`), /Metadata/);
    // A kubelet tells of the one that it has started after that one has answered.
    for (const [index, host] of staying.entries())
      await eventually(`another start on ${host}`, async () => (await apiServerStart(host)) !== before[index]);
  });

  it("change every kubelet in place", async () => {
    spec.clusters.ha["kubeadm"] = kubeadm(77);
    await up();
    for (const node of Object.values(await kubectl.nodes()))
      assert.equal(node.status.capacity.pods, "77", node.metadata.name);
    await program.stack.assertSettled();
  });

  it("end, and leave each host as it was found", async () => {
    const { code, output } = await program.stack.destroy();
    assert.equal(code, 0, output);
    for (const host of controlPlanes)
      assert.deepEqual(differences(found.get(host) ?? new Map(), await snapshot(lab, host)), [], host);
  });
});
