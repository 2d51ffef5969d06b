// A cluster's address changes in place, from one host to a virtual address and back, and its certificates are renewed.
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { connect } from "node:tls";
import { killedAt } from "../support/kill";
import { Poller } from "../support/poller";
import { type Args, clusterOf, Program } from "../support/program";
import { differences, type Snapshot, snapshot } from "../support/snapshot";
import { TestLab } from "../support/testLab";
import { isReady, Workstation } from "../support/workstation";

const hosts = ["c1", "w1"];
const components = ["etcd", "kube-apiserver", "kube-controller", "kube-scheduler"];

describe("the API's address and the control plane's certificates", () => {
  let lab: TestLab;
  let program: Program;
  let cluster: Args;
  let virtual: string;
  const pollers: Poller[] = [];
  const found = new Map<string, Snapshot>();
  const own = () => lab.host("c1").address;

  async function up(changes: Args): Promise<string> {
    await describeAs(changes);
    const { code, output } = await program.stack.up();
    assert.equal(code, 0, output);
    return output;
  }

  async function describeAs(changes: Args): Promise<void> {
    cluster = { ...cluster, ...changes };
    await program.describe({ clusters: { moving: cluster } });
  }

  const kubectl = async () => await Workstation.create(await program.kubeconfig("moving"));
  const kubelet = (host: string) => lab.sh(host, "sed -n 's/^ *server: //p' /etc/kubernetes/kubelet.conf");

  before(async () => {
    lab = await TestLab.open("e2e-endpoint");
    await lab.up(hosts);
    for (const host of hosts) found.set(host, await snapshot(lab, host));
    virtual = own().replace(/\d+$/, "200");
    program = await Program.create();
    cluster = await clusterOf(lab, { controlPlanes: ["c1"], workers: ["w1"] });
    await program.describe({ clusters: { moving: cluster } }, { sshKey: lab.privateKey() });
    const { code, output } = await program.stack.up();
    assert.equal(code, 0, output);
    pollers.push(await Poller.api(own(), 6443));
  });

  after(async () => {
    for (const poller of pollers) await poller.stop();
    program?.close();
    await lab?.close();
  });

  it("moves from one host to a virtual address, though it is killed between control plane and worker", async () => {
    await describeAs({ endpoint: { virtualIp: { address: virtual } } });
    await killedAt(program.stack, ["up"], /w1-worker updating.*lead the kubelet/, "both");
    // Amid the move both addresses are served, and kube-proxy on the node that has not moved uses the former.
    assert.match(await lab.sh("c1", "grep server: /etc/kubernetes/admin.conf"), new RegExp(`${virtual}:8443`));
    pollers.push(await Poller.api(virtual, 8443));
    await up({});
    for (const poller of pollers) assert.equal(poller.part("moved to a virtual address").failures, 0);
  });

  it("is found at its new address by everybody", async () => {
    const client = await kubectl();
    for (const node of Object.values(await client.nodes())) assert.ok(isReady(node));
    assert.equal(await kubelet("w1"), `https://${virtual}:8443`);
    const maps = ["kube-system/kubeadm-config", "kube-public/cluster-info", "kube-system/kube-proxy"];
    for (const [namespace = "", name = ""] of maps.map((map) => map.split("/"))) {
      const { data } = await client.get("configmap", "-n", namespace, name);
      assert.match(JSON.stringify(data), new RegExp(`${virtual}:8443`), name);
      assert.doesNotMatch(JSON.stringify(data), new RegExp(`${own()}:6443`), name);
    }
    const flannel = await client.get("daemonset", "-n", "kube-flannel", "kube-flannel-ds");
    assert.match(JSON.stringify(flannel.spec.template), new RegExp(`"${virtual}"`));
    const names = (await served(own(), 6443)).subjectAltName ?? "";
    for (const address of [own(), virtual]) assert.ok(names.includes(`IP Address:${address}`), names);
    await program.stack.assertSettled();
  });

  it("takes up another name in the API server's certificate while it serves", async () => {
    const { kubeadm } = cluster as { kubeadm: Args };
    await up({ kubeadm: { ...kubeadm, clusterConfiguration: { apiServer: { certSANs: ["api.test.example"] } } } });
    assert.match((await served(own(), 6443)).subjectAltName ?? "", /DNS:api\.test\.example/);
    for (const poller of pollers) assert.equal(poller.part("another name").failures, 0);
  });

  it("renews certificates near their end, and nobody uses former ones", async () => {
    const before = await inUse();
    const kubeconfig = await program.kubeconfig("moving");
    // A year less 90 seconds: by now they are older than that.
    await describeAs({ certificates: { renewBefore: 365 - 90 / 86_400 } });
    assert.match((await program.stack.preview()).output, /certificate of the control plane ends at/);
    await up({});
    const now = await inUse();
    for (const [what, former] of Object.entries(before)) assert.notEqual(now[what], former, what);
    assert.equal(now["6443"], await serialOf("apiserver.crt"));
    assert.equal(now["2379"], await serialOf("etcd/server.crt"));
    const renewed = await program.kubeconfig("moving");
    assert.notEqual(renewed, kubeconfig);
    assert.ok(Object.values(await (await kubectl()).nodes()).every(isReady));
    await describeAs({ certificates: { renewBefore: 30 } });
    await up({});
    assert.equal(await program.kubeconfig("moving"), renewed);
    assert.deepEqual(await inUse(), now);
  });

  it("recovers from certificates that have ended", async () => {
    await lab.sh("c1", endSoon);
    await program.stack.must(["refresh", "--yes", "--skip-preview", "--color", "never"]);
    await up({});
    assert.ok(Date.parse((await served(own(), 6443)).validTo) > Date.now() + 300 * 86_400_000);
    assert.ok(Object.values(await (await kubectl()).nodes()).every(isReady));
  });

  it("goes back to the host's own address, and the virtual one is gone", async () => {
    await up({ endpoint: { host: own() } });
    assert.equal(await kubelet("w1"), `https://${own()}:6443`);
    assert.equal(
      await lab.sh("c1", `ip -o address show to ${virtual}; ls /etc/pulumi-kubeadm/front 2>/dev/null || true`),
      "",
    );
    assert.ok(Object.values(await (await kubectl()).nodes()).every(isReady));
  });

  it("ends, and leaves each host as it was found", async () => {
    const { code, output } = await program.stack.destroy();
    assert.equal(code, 0, output);
    for (const host of hosts)
      assert.deepEqual(differences(found.get(host) ?? new Map(), await snapshot(lab, host)), [], host);
  });

  const serialOf = async (file: string) =>
    new X509Certificate(await lab.sh("c1", `cat /etc/kubernetes/pki/${file}`)).serialNumber;

  /** Serial numbers by port, and the start of each component's process. */
  async function inUse(): Promise<Record<string, string>> {
    const starts = await lab.sh("c1", startsOf);
    const rows = starts.split("\n").map((line) => line.split(" ") as [string, string]);
    assert.deepEqual(rows.map(([name]) => name).sort(), components);
    const serials = [6443, 2379].map(async (port) => [String(port), (await served(own(), port)).serialNumber]);
    return { ...Object.fromEntries(rows), ...Object.fromEntries(await Promise.all(serials)) };
  }
});

const startsOf = `for name in ${components.join(" ")}; do
  for dir in /proc/[0-9]*; do
    [ "$(cat $dir/comm 2>/dev/null)" = $name ] && echo "$name \${dir#/proc/}-$(sed 's/.*) //' $dir/stat | cut -d' ' -f20)"
  done
done; true`;

/** As a machine that was off for a year would find them: all of them issued for seconds, and over. */
const endSoon = `set -e
conf=/run/short.yaml
kubectl --kubeconfig /etc/kubernetes/admin.conf -n kube-system get configmap kubeadm-config -o 'jsonpath={.data.ClusterConfiguration}' |
  sed 's/^certificateValidityPeriod:.*/certificateValidityPeriod: 2s/' >$conf
kubeadm certs renew all --config $conf >/dev/null
rm $conf
sleep 3`;

function served(host: string, port: number): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, rejectUnauthorized: false }, () => {
      const certificate = socket.getPeerX509Certificate();
      socket.destroy();
      if (certificate) resolve(certificate);
      else reject(new Error(`${host}:${port} shows no certificate`));
    });
    socket.once("error", reject);
  });
}
