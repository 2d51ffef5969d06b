// One cluster's life as its user sees it, through the real CLI: made, looked at, changed, widened, taken down.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { clusterOf, Program, type Spec } from "../support/program";
import { differences, type Snapshot, snapshot } from "../support/snapshot";
import { TestLab } from "../support/testLab";
import { isReady, Workstation } from "../support/workstation";
import { hello, helloAnswer } from "./hello";
import { newKey } from "./sshKeys";

const hosts = ["cp1", "w1", "w2"];

describe("a cluster's life", () => {
  let lab: TestLab;
  let program: Program;
  let spec: Spec & { clusters: { life: Record<string, unknown> } };
  let kubectl: Workstation;
  const found = new Map<string, Snapshot>();

  const secrets = () => ({ sshKey: lab.privateKey(), sudoPassword: "spoken only to sudo" });

  async function up(...flags: string[]): Promise<string> {
    const { code, output } = await program.stack.up(...flags);
    assert.equal(code, 0, output);
    return output;
  }

  before(async () => {
    lab = await TestLab.open("e2e-life");
    await lab.up(hosts);
    for (const host of hosts) found.set(host, await snapshot(lab, host));
    program = await Program.create();
    spec = {
      clusters: { life: await clusterOf(lab, { controlPlanes: ["cp1"], workers: ["w1"] }) },
      addons: { hello: { cluster: "life", manifests: hello() } },
    };
  });

  after(async () => {
    program?.close();
    await lab?.close();
  });

  it("is made by one up, with an addon that answers through its Service from another node", async () => {
    await program.describe(spec, secrets());
    await up();
    kubectl = await Workstation.create(await program.kubeconfig("life"));
    const nodes = await kubectl.nodes();
    assert.deepEqual(Object.keys(nodes).sort(), ["cp1", "w1"]);
    for (const node of Object.values(nodes)) {
      assert.ok(isReady(node), `${node.metadata.name} is not Ready`);
      assert.equal(node.status.nodeInfo.kubeletVersion, "v1.34.4");
    }
    assert.match(await helloAnswer(lab, kubectl, "cp1"), /^hello-/);
  });

  it("approves the kubelets' serving certificates, so that logs come back", async () => {
    for (const node of ["cp1", "w1"]) {
      const pods = await kubectl.get(
        "pods",
        "-n",
        "kube-system",
        "-l",
        "k8s-app=kube-proxy",
        `--field-selector=spec.nodeName=${node}`,
      );
      assert.match(await kubectl.run("logs", "-n", "kube-system", pods.items[0].metadata.name), /kube-proxy|iptables/i);
    }
  });

  it("changes nothing the second time", async () => {
    await program.stack.assertSettled();
  });

  it("previews with no host in reach", async () => {
    for (const host of ["cp1", "w1"]) await lab.cut(host);
    try {
      const { code, output } = await program.stack.preview("--diff");
      assert.equal(code, 0, output);
    } finally {
      for (const host of ["cp1", "w1"]) await lab.heal(host);
    }
  });

  it("refuses a former version and other networks at preview", async () => {
    const changes = { kubernetesVersion: "1.34.3", network: { podCidr: "10.245.0.0/16" } };
    for (const [field, value] of Object.entries(changes)) {
      await program.describe({ ...spec, clusters: { life: { ...spec.clusters.life, [field]: value } } });
      const { code, output } = await program.stack.preview();
      assert.notEqual(code, 0, output);
      assert.match(output, field === "network" ? /podCidr/ : /is a downgrade/);
    }
    await program.describe(spec);
  });

  it("changes labels, taints and annotations in place and leaves those of others alone", async () => {
    await kubectl.run("label", "node", "w1", "example.com/theirs=kept");
    const workers = spec.clusters.life["workers"] as Record<string, Record<string, unknown>>;
    Object.assign(workers["w1"] ?? {}, {
      labels: { pool: "general", tier: "web" },
      taints: [{ key: "dedicated", value: "db", effect: "PreferNoSchedule" }],
      annotations: { "example.com/owner": "team-a" },
    });
    await program.describe(spec);
    await up();
    const w1 = (await kubectl.nodes())["w1"];
    assert.equal(w1.metadata.labels.pool, "general");
    assert.equal(w1.metadata.labels["example.com/theirs"], "kept");
    assert.equal(w1.metadata.annotations["example.com/owner"], "team-a");
    assert.deepEqual(w1.spec.taints, [{ key: "dedicated", value: "db", effect: "PreferNoSchedule" }]);
    Object.assign(workers["w1"] ?? {}, { labels: { pool: "special" }, taints: [], annotations: {} });
    await program.describe(spec);
    await up();
    const later = (await kubectl.nodes())["w1"];
    assert.equal(later.metadata.labels.pool, "special");
    assert.equal(later.metadata.labels.tier, undefined);
    assert.equal(later.metadata.labels["example.com/theirs"], "kept");
    assert.equal(later.metadata.annotations["example.com/owner"], undefined);
    assert.equal(later.spec.taints, undefined);
  });

  it("shows on refresh what others changed, and puts it right", async () => {
    await kubectl.run("label", "node", "w1", "--overwrite", "pool=stolen");
    await kubectl.run("delete", "service", "hello", "-n", "hello");
    const refreshed = await program.stack.refresh();
    assert.equal(refreshed.code, 0, refreshed.output);
    assert.match(refreshed.output, /~ .*life-w1-worker/);
    assert.match(refreshed.output, /~ .*hello-manifests/);
    await up();
    assert.equal((await kubectl.nodes())["w1"].metadata.labels.pool, "special");
    assert.equal((await kubectl.get("service", "hello", "-n", "hello")).spec.ports[0].port, 80);
  });

  it("keeps a host that does not answer in the state when it refreshes", async () => {
    await lab.cut("w1");
    try {
      const { output } = await program.stack.refresh("--target", "**life-w1-host");
      assert.match(output, /w1/);
    } finally {
      await lab.heal("w1");
    }
    assert.match(program.stack.storedState(), /life-w1-host/);
  });

  it("adds a worker declared by itself, drains and removes it, and takes it again", async () => {
    spec.workerNodes = { w2: { cluster: "life", connection: lab.connection("w2"), labels: { pool: "extra" } } };
    await program.describe(spec);
    await up();
    assert.ok(isReady((await kubectl.nodes())["w2"]));
    delete spec.workerNodes;
    await program.describe(spec);
    await up();
    assert.equal((await kubectl.nodes())["w2"], undefined);
    assert.deepEqual(differences(found.get("w2") ?? new Map(), await snapshot(lab, "w2")), []);
    spec.workerNodes = { w2: { cluster: "life", connection: lab.connection("w2") } };
    await program.describe(spec);
    await up();
    assert.ok(isReady((await kubectl.nodes())["w2"]));
  });

  it("prunes what left an addon and refuses to take over another manager's field", async () => {
    const extra = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "extra", namespace: "hello" },
      data: { key: "ours" },
    };
    spec.addons = { hello: { cluster: "life", manifests: [...hello(), extra] } };
    await program.describe(spec);
    await up();
    await kubectl.applyAs("somebody-else", { ...extra, data: { key: "theirs" } });
    spec.addons = { hello: { cluster: "life", manifests: [...hello(), { ...extra, data: { key: "ours again" } }] } };
    await program.describe(spec);
    const refused = await program.stack.up();
    assert.notEqual(refused.code, 0);
    assert.match(refused.output, /somebody-else/);
    spec.addons = { hello: { cluster: "life", manifests: hello() } };
    await program.describe(spec);
    await up();
    assert.equal(
      (await kubectl.get("configmaps", "-n", "hello")).items.some(
        (item: { metadata: { name: string } }) => item.metadata.name === "extra",
      ),
      false,
    );
  });

  it("uses a rotated key from then on, and takes everything down with it", async () => {
    const rotated = await newKey();
    for (const host of hosts) await lab.authorize(host, rotated.publicKey);
    await program.describe(spec, { ...secrets(), sshKey: rotated.privateKey });
    await up();
    for (const host of hosts) await lab.authorizeOnly(host, rotated.publicKey);
    const { code, output } = await program.stack.destroy();
    assert.equal(code, 0, output);
  });

  it("leaves each host as it was found", async () => {
    for (const host of hosts)
      assert.deepEqual(differences(found.get(host) ?? new Map(), await snapshot(lab, host)), [], host);
  });

  it("never printed a secret and stored none in plain", () => {
    const key = lab.privateKey().split("\n")[2] ?? "no key";
    for (const [where, text] of [
      ["output", program.stack.transcript],
      ["state", program.stack.storedState()],
    ] as const) {
      assert.ok(!text.includes(key), `the private key is in the ${where}`);
      assert.doesNotMatch(text, /\b[a-z0-9]{6}\.[a-z0-9]{16}\b/, `a join token is in the ${where}`);
      assert.doesNotMatch(text, /client-key-data/, `a kubeconfig is in the ${where}`);
    }
  });
});
