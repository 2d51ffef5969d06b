// What must not be is said before anything changes: every problem of every host in one error, and nothing is touched.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { clusterOf, Program, secret } from "../support/program";
import { differences, type Snapshot, snapshot } from "../support/snapshot";
import { TestLab } from "../support/testLab";
import { newKey } from "./sshKeys";

const hosts = ["cp1", "w1"];

describe("what is refused", () => {
  let lab: TestLab;
  let program: Program;
  const found = new Map<string, Snapshot>();

  async function refused(args: Record<string, unknown>, secrets: Record<string, string>): Promise<string> {
    await program.describe({ clusters: { no: args } }, secrets);
    const { code, output } = await program.stack.up();
    assert.notEqual(code, 0, output);
    return output;
  }

  before(async () => {
    lab = await TestLab.open("e2e-refusals");
    await lab.up(hosts);
    for (const host of hosts) found.set(host, await snapshot(lab, host));
    program = await Program.create();
  });

  afterEach(async () => {
    for (const host of hosts)
      assert.deepEqual(differences(found.get(host) ?? new Map(), await snapshot(lab, host)), [], host);
  });

  after(async () => {
    program?.close();
    await lab?.close();
  });

  it("arguments: all of them at once, by their paths, without a host being asked", async () => {
    const args = await clusterOf(lab, { controlPlanes: ["cp1"], workers: ["w1"] });
    const output = await refused(
      {
        ...args,
        kubernetesVersion: "1.34",
        network: { podCidr: "10.96.0.0/12" },
        workers: { "7": { connection: { host: "10.0.0.9" } }, w1: { conection: {}, labels: { "-bad": "x" } } },
      },
      { sshKey: lab.privateKey() },
    );
    for (const path of [
      "kubernetesVersion",
      "network.serviceCidr",
      "workers.7",
      "conection",
      "workers.w1.labels",
      "workers.w1.connection.host",
    ]) {
      assert.ok(output.includes(path), `${path} is missing in:\n${output}`);
    }
  });

  it("a key that the hosts do not accept", async () => {
    const output = await refused(await clusterOf(lab, { controlPlanes: ["cp1"], workers: ["w1"] }), {
      sshKey: (await newKey()).privateKey,
    });
    assert.match(output, /cp1/);
    assert.match(output, /w1/);
    assert.match(output, /refused|authenticat/i);
  });

  it("a host key that is not the pinned one", async () => {
    const { publicKey } = await newKey();
    const args = await clusterOf(lab, { controlPlanes: ["cp1"], workers: ["w1"] });
    const [type, base64] = publicKey.split(" ");
    const workers = { w1: { connection: { ...lab.connection("w1"), hostKey: `${type} ${base64}` } } };
    const output = await refused({ ...args, workers }, { sshKey: lab.privateKey() });
    assert.match(output, /host key/i);
    assert.match(output, /SHA256:.*SHA256:/s);
  });

  it("a busy port and a full disk on two hosts, both in one error", async () => {
    await lab.exec("cp1", ["systemd-run", "--quiet", "--unit=busy", "systemd-socket-activate", "--listen=6443", "cat"]);
    await lab.sh("w1", "mkdir -p /var/lib/containerd && mount -t tmpfs -o size=16M full /var/lib/containerd");
    try {
      const output = await refused(await clusterOf(lab, { controlPlanes: ["cp1"], workers: ["w1"] }), {
        sshKey: lab.privateKey(),
      });
      const report = output.slice(output.indexOf("no-preflight"));
      assert.match(report, /Port-6443/);
      assert.match(report, /\/var\/lib\/containerd/);
    } finally {
      await lab.exec("cp1", ["systemctl", "stop", "busy.service"]);
      await lab.sh("w1", "umount /var/lib/containerd && rmdir /var/lib/containerd");
    }
  });

  it("a host that does not answer, by name, with nothing changed on the others", async () => {
    const args = await clusterOf(lab, { controlPlanes: ["cp1"], workers: ["w1"] });
    const ghost = { connection: { host: "127.0.0.1", port: 9, privateKey: secret("sshKey") } };
    const output = await refused(
      { ...args, workers: { ghost }, timeouts: { connect: 3 } },
      { sshKey: lab.privateKey() },
    );
    assert.match(output, /ghost/);
    assert.match(output, /127\.0\.0\.1/);
  });
});
