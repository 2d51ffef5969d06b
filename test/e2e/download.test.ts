// Where programs and images come from: a mirror and a registry with a password, then a bundle made of both; and a node that moves.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { CommandLines } from "../support/commandLines";
import { Mirror, machineAddress } from "../support/mirror";
import { type Args, clusterOf, containerHosts, Program, type Spec, secret } from "../support/program";
import { Registry } from "../support/registry";
import { differences, type Snapshot, snapshot } from "../support/snapshot";
import type { Outcome } from "../support/stack";
import { TestLab } from "../support/testLab";
import { isReady, type Loose, Workstation } from "../support/workstation";
import { bundle } from "../tools/bundle";
import { run } from "../tools/run";
import { projectDir } from "../tools/versions";
import { hello, helloAnswer } from "./hello";

const hosts = ["cp1", "w1", "spare"];
const kubelet = "dl.k8s.io/release/v1.34.4/bin/linux/amd64/kubelet";
const registries = ["registry.k8s.io", "ghcr.io", "docker.io"];

describe("sources, and a node that moves", () => {
  let lab: TestLab;
  let mirror: Mirror;
  let registry: Registry;
  let program: Program;
  let spec: Spec & { clusters: { from: Args } };
  let kubectl: Workstation;
  let made: string;
  let secondAddress: string;
  const found = new Map<string, Snapshot>();

  /** The password as it is and as it goes over the line. */
  const forms = (): string[] => [registry.password, registry.authorization.replace("Basic ", "")];

  async function up(): Promise<string> {
    await program.describe(spec);
    const { code, output } = await program.stack.up();
    assert.equal(code, 0, output);
    return output;
  }

  /** Runs with every command line of this machine and of the hosts looked at for the password. */
  async function watched(operation: () => Promise<Outcome>): Promise<Outcome> {
    const watch = new CommandLines(forms());
    try {
      return await operation();
    } finally {
      watch.stop();
      assert.ok(
        [...watch.seen].some((line) => line.includes("containerd")),
        "no process of a host was seen",
      );
      assert.deepEqual([...watch.found], []);
    }
  }

  async function asFound(...names: string[]): Promise<void> {
    for (const name of names)
      assert.deepEqual(differences(found.get(name) ?? new Map(), await snapshot(lab, name)), [], name);
  }

  const worker = (connection: Args, more: Args = {}): void => {
    spec.clusters.from["workers"] = { w1: { connection, ...more } };
  };

  const addressOf = (node: Loose): string =>
    node.status.addresses.find(({ type }: { type: string }) => type === "InternalIP").address;

  /** What would be another time or number if anything had been done to the host's programs. */
  const untouched = (host: string): Promise<string> =>
    lab.sh(
      host,
      "stat -c '%n %Y %i' /usr/local/bin/* /etc/containerd/config.toml; systemctl show -P MainPID containerd kubelet",
    );

  before(async () => {
    lab = await TestLab.open("e2e-download");
    await lab.up(hosts);
    for (const host of hosts) found.set(host, await snapshot(lab, host));
    const address = machineAddress(lab);
    mirror = await Mirror.open(await bundle(), address);
    registry = await Registry.open(address);
    await registry.fill(await bundle());
    made = mkdtempSync(join(tmpdir(), "kubeadm-bundle-"));
    program = await Program.create();
    const access = { mirrors: [registry.url], username: registry.username, password: secret("registryPassword") };
    const args = await clusterOf(lab, { controlPlanes: [] });
    spec = {
      clusters: {
        from: {
          ...args,
          controlPlanes: { cp1: { connection: lab.connection("cp1"), worker: true } },
          source: { download: { mirror: mirror.url } },
          containerd: {
            ...containerHosts.containerd,
            registries: Object.fromEntries(registries.map((name) => [name, access])),
          },
        },
      },
      addons: { hello: { cluster: "from", manifests: hello(1) } },
    };
    await program.describe(spec, { sshKey: lab.privateKey(), registryPassword: registry.password });
  });

  after(async () => {
    program?.close();
    await registry?.close();
    await mirror?.close();
    if (made) rmSync(made, { recursive: true, force: true });
    await lab?.close();
  });

  it("a file that is not what its checksum says stops the run, by name, and nothing of it is installed", async () => {
    mirror.tamper(kubelet);
    const { code, output } = await watched(() => program.stack.up());
    mirror.tamper(undefined);
    assert.notEqual(code, 0, output);
    const report = output.slice(output.indexOf("Diagnostics:"));
    assert.match(report, /cp1.*kubelet 1\.34\.4 from http:\S+\/kubelet has digest [0-9a-f]{64}/);
    assert.match(report, /What to do: look at what that address serves/);
    const left = "find / -xdev \\( -path /proc -o -path /sys \\) -prune -o -name 'kubelet*' -type f -size +1M -print";
    assert.equal(await lab.sh("cp1", `${left}; find /var/lib/pulumi-kubeadm -name 'kubelet*'`), "");
  });

  it("a mirror and a registry with a password make a cluster, once the file is right", async () => {
    const { code, output } = await watched(() => program.stack.up());
    assert.equal(code, 0, output);
    kubectl = await Workstation.create(await program.kubeconfig("from"));
    assert.ok(isReady((await kubectl.nodes())["cp1"]));
    assert.ok(mirror.asked.includes(kubelet));
    assert.match(await helloAnswer(lab, kubectl, "cp1"), /^hello-/);
  });

  it("every image was pulled with the password, by the host and by its kubelet", async () => {
    assert.equal(await registry.statusForAnyone(), 401);
    const pulled = registry.pulledBy(lab.host("cp1").address);
    for (const image of [
      "kube-apiserver",
      "etcd",
      "pause",
      "coredns/coredns",
      "flannel-io/flannel",
      "library/hello-web",
    ])
      assert.ok(pulled.has(image), `${image} is not among ${[...pulled].join(", ")}`);
  });

  it("the password lies on the host where its runtime reads it, for root alone, and nowhere else", async () => {
    const patterns = forms().map((form) => `-e '${form}'`);
    const places = "/etc /root /tmp /var /run/pulumi-kubeadm";
    const files = await lab.sh("cp1", `grep -rlsF ${patterns.join(" ")} ${places} | sort`, [0, 2]);
    const hostsFiles = [...registries].sort().map((name) => `/etc/containerd/certs.d/${name}/hosts.toml`);
    assert.deepEqual(files.split("\n"), [...hostsFiles, "/etc/containerd/config.toml"]);
    assert.equal(await lab.sh("cp1", `stat -c %a ${files.replaceAll("\n", " ")} | sort -u`), "600");
  });

  it("a bundle is made of the same mirror and registry by command", async () => {
    const auth = join(made, "auth.json");
    const word = registry.authorization.replace("Basic ", "");
    writeFileSync(auth, JSON.stringify({ auths: { [registry.host]: { auth: word } } }), { mode: 0o600 });
    const { stdout, stderr } = await run([
      process.execPath,
      join(projectDir, "dist", "bin", "pulumi-kubeadm.js"),
      "bundle",
      ...["--output", join(made, "bundle"), "--mirror", mirror.url, "--auth", auth],
      ...registries.flatMap((name) => ["--registry", `${name}=${registry.url}`]),
      ...["--image", "docker.io/library/hello-web:1.0"],
      ...["--os", "debian/12", "--packages", join(await bundle(), "packages", "debian", "12", "amd64")],
    ]);
    assert.match(stdout, /is complete/);
    for (const form of forms()) assert.ok(!`${stdout}${stderr}`.includes(form));
  });

  it("a worker comes from that bundle through another node, and that node stays as it is", async () => {
    const [before, asked, log] = [await untouched("cp1"), mirror.asked.length, registry.log.length];
    spec.clusters.from["source"] = { bundle: { path: join(made, "bundle"), via: "cp1" } };
    worker(lab.connection("w1"));
    assert.doesNotMatch(await up(), /comes over SSH/);
    assert.ok(isReady((await kubectl.nodes())["w1"]));
    assert.equal(await untouched("cp1"), before);
    assert.equal(mirror.asked.length, asked);
    assert.equal(registry.log.slice(log).includes(lab.host("w1").address), false);
  });

  it("another way to the same machine changes nothing on it", async () => {
    const { address } = lab.host("w1");
    secondAddress = address.replace(/\d+$/, "230");
    await lab.sh("w1", `ip address add ${secondAddress}/32 dev eth0`);
    const [node, before] = [(await kubectl.nodes())["w1"], await untouched("w1")];
    // No pinned key: the recorded one tells that it is the same machine, behind a jump host or not.
    const proxy = { ...lab.connection("cp1"), user: "root", privateKey: secret("sshKey") };
    worker({ host: secondAddress, proxy }, { address, timeouts: { connect: 5 } });
    await program.describe(spec);
    const preview = await program.stack.preview();
    assert.equal(preview.code, 0, preview.output);
    assert.doesNotMatch(preview.output, /replace|delete/);
    assert.doesNotMatch(await up(), /replaced|deleted/);
    const now = (await kubectl.nodes())["w1"];
    assert.equal(now.metadata.uid, node.metadata.uid);
    assert.equal(await untouched("w1"), before);
  });

  it("a node whose old machine does not answer stays where it is, until that one can be left", async () => {
    worker(lab.connection("spare"));
    // What one node hands out may have gone: then it comes the slower way.
    await lab.sh("cp1", "rm -r /var/lib/pulumi-kubeadm/bundle/images");
    await lab.cut("w1");
    await program.describe(spec);
    // Whether it is another machine shows only when it has answered.
    const preview = await program.stack.preview();
    assert.equal(preview.code, 0, preview.output);
    assert.match(preview.output, /~ .*from-w1-machine update/);
    const { code, output } = await program.stack.up();
    await lab.heal("w1");
    assert.notEqual(code, 0, output);
    assert.match(output, /comes over SSH/);
    assert.match(
      output,
      /w1 cannot be taken out cleanly, because its host does not answer.*KUBEADM_ON_UNREACHABLE=remove/s,
    );
    assert.equal(addressOf((await kubectl.nodes())["w1"]), lab.host("w1").address);
  });

  it("another machine takes the node's place: the old one leaves, the new one joins under its name", async () => {
    const old = (await kubectl.nodes())["w1"];
    await up();
    const now = (await kubectl.nodes())["w1"];
    assert.ok(isReady(now));
    assert.notEqual(now.metadata.uid, old.metadata.uid);
    assert.equal(addressOf(now), lab.host("spare").address);
    await lab.sh("w1", `ip address del ${secondAddress}/32 dev eth0`);
    await asFound("w1");
    await program.stack.assertSettled();
  });

  it("everything ends as it was found, and the password was never shown or stored in plain", async () => {
    const { code, output } = await watched(() => program.stack.destroy());
    assert.equal(code, 0, output);
    await asFound(...hosts);
    for (const form of forms()) {
      assert.ok(!program.stack.transcript.includes(form), "the password is in the output");
      assert.ok(!program.stack.storedState().includes(form), "the password is in the state");
    }
  });
});
