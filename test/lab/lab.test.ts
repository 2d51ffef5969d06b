// The lab's own command line, as people and tests use it. Needs a container engine.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type RunOptions, type RunResult, run } from "../tools/run";
import { engineCall, findEngine } from "./engine";
import type { ListedHost } from "./lab";
import { labOf } from "./state";

const command = join(__dirname, "main.js");
let stateDir: string;

function lab(id: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const [verb = "", ...rest] = args;
  const env = { ...process.env, LAB_STATE: stateDir };
  return run([process.execPath, command, verb, "--lab", id, ...rest], { ...options, env });
}

async function hostsOf(id: string): Promise<ListedHost[]> {
  return JSON.parse((await lab(id, ["list", "--json"])).stdout) as ListedHost[];
}

async function hostOf(id: string, name: string): Promise<ListedHost> {
  const host = (await hostsOf(id)).find((one) => one.name === name);
  assert.ok(host, `lab ${id} has host ${name}`);
  return host;
}

async function onHost(id: string, name: string, script: string): Promise<string> {
  return (await lab(id, ["exec", name, "--", "sh", "-c", script])).stdout.trim();
}

/** Logs in as a client would, with the host key that the lab says. */
async function ssh(id: string, name: string, script: string, options: RunOptions = {}): Promise<RunResult> {
  const host = await hostOf(id, name);
  const jump = host.behind === undefined ? undefined : await hostOf(id, host.behind);
  const through =
    jump === undefined
      ? []
      : ["-o", `ProxyCommand=${[...(await client(jump)), "-W", "%h:%p"].join(" ")} ${destination(jump)}`];
  return run([...(await client(host)), ...through, destination(host), script], options);
}

async function client(host: ListedHost): Promise<string[]> {
  const known = join(stateDir, `known-${host.name}`);
  await run(["sh", "-c", 'cat >"$1"', "sh", known], { stdin: `${host.address} ${host.hostKey}\n` });
  const strict = ["-o", "StrictHostKeyChecking=yes", "-o", `UserKnownHostsFile=${known}`, "-o", "ConnectTimeout=3"];
  return ["ssh", "-F", "none", "-o", "BatchMode=yes", ...strict, "-i", host.identityFile];
}

function destination(host: ListedHost): string {
  return `${host.user}@${host.address}`;
}

/** Everything the engine keeps for a lab, by name. */
async function keptFor(id: string): Promise<string[]> {
  const { prefix } = labOf(id);
  const kinds = [
    ["ps", "--all", "--format", "{{.Names}}"],
    ["volume", "ls", "--quiet"],
    ["network", "ls", "--format", "{{.Name}}"],
  ];
  const engine = await findEngine();
  const names = await Promise.all(kinds.map(async (args) => (await engineCall(engine, args)).stdout.split("\n")));
  return names.flat().filter((name) => name.startsWith(prefix));
}

describe("lab", () => {
  before(async () => {
    stateDir = await mkdtemp(join(tmpdir(), "lab-test-"));
    process.env.LAB_STATE = stateDir;
    await lab("one", ["up", "a", "b"]);
    await lab("two", ["up", "a"]);
  });
  after(async () => {
    await lab("one", ["down"]);
    await lab("two", ["down"]);
    await rm(stateDir, { recursive: true });
  });

  it("boots Debian with systemd, nothing of Kubernetes, and lets a client in", async () => {
    const script =
      ". /etc/os-release; echo $ID $VERSION_ID; ps -p 1 -o comm=; command -v containerd kubelet kubeadm || echo none";
    assert.equal((await ssh("one", "a", script)).stdout, "debian 12\nsystemd\nnone\n");
  });

  it("gives each host an identity and cgroups of its own", async () => {
    for (const ask of ["cat /etc/machine-id", "cat /etc/ssh/ssh_host_ed25519_key.pub", "hostname", "hostname -I"]) {
      assert.notEqual(await onHost("one", "a", ask), await onHost("one", "b", ask), ask);
    }
    await onHost("one", "a", "mkdir /sys/fs/cgroup/systemd/mine /sys/fs/cgroup/memory/mine");
    assert.equal(await onHost("one", "b", "ls -d /sys/fs/cgroup/*/mine 2>/dev/null || echo none"), "none");
  });

  it("keeps the machine's sysctls out of a host's reach", async () => {
    const value = async () => (await run(["sysctl", "-n", "vm.overcommit_memory"])).stdout.trim();
    const machine = await value();
    const other = machine === "1" ? "0" : "1";
    assert.equal(
      await onHost("one", "a", `sysctl -q -w vm.overcommit_memory=${other}; sysctl -n vm.overcommit_memory`),
      other,
    );
    assert.equal(await value(), machine);
  });

  it("gives back exec's output and exit code", async () => {
    const { code, stdout } = await lab("one", ["exec", "a", "--", "sh", "-c", "cat; exit 7"], {
      stdin: "in",
      accept: [7],
    });
    assert.deepEqual({ code, stdout }, { code: 7, stdout: "in" });
  });

  it("keeps disk and identity over poweroff and poweron, and nothing that ran", async () => {
    const before = await hostOf("one", "a");
    await onHost("one", "a", "echo kept >/root/file; echo kept >/var/lib/file; touch /run/gone");
    await lab("one", ["poweroff", "a"]);
    await assert.rejects(ssh("one", "a", "true"));
    await lab("one", ["poweron", "a"]);
    assert.equal(
      await onHost("one", "a", "cat /root/file /var/lib/file; ls /run/gone 2>/dev/null || echo none"),
      "kept\nkept\nnone",
    );
    assert.deepEqual(await hostOf("one", "a"), before);
  });

  it("reinstalls at the same address with a new disk, host key and machine-id", async () => {
    const before = await hostOf("one", "b");
    const machineId = await onHost("one", "b", "echo old >/var/lib/file; cat /etc/machine-id");
    await lab("one", ["reinstall", "b"]);
    const now = await hostOf("one", "b");
    assert.equal(now.address, before.address);
    assert.notEqual(now.hostKey, before.hostKey);
    assert.notEqual(await onHost("one", "b", "cat /etc/machine-id"), machineId);
    assert.equal(await onHost("one", "b", "ls /var/lib/file 2>/dev/null || echo none"), "none");
  });

  it("cuts a host off and heals it, with its routes", async () => {
    const routes = await onHost("one", "a", "ip route | sort");
    await lab("one", ["cut", "a"]);
    await assert.rejects(ssh("one", "a", "true"));
    await lab("one", ["heal", "a"]);
    assert.equal((await ssh("one", "a", "ip route | sort")).stdout.trim(), routes);
  });

  it("reaches a host behind a jump host through it alone, as a user with a sudo password", async () => {
    const options = ["up", "hidden", "--behind", "a", "--user", "ops", "--sudo-password-stdin"];
    await lab("one", options, { stdin: "open sesame\n" });
    const { behind: _, ...direct } = await hostOf("one", "hidden");
    await assert.rejects(run([...(await client(direct)), destination(direct), "true"]));
    await assert.rejects(ssh("one", "hidden", "sudo -n true"));
    assert.equal((await ssh("one", "hidden", "sudo -S -p '' id -un", { stdin: "open sesame\n" })).stdout, "root\n");
  });

  it("makes a device, which has an sshd, BusyBox and nothing else, and is the same after a poweroff", async () => {
    await lab("one", ["up", "device", "--device", "--user", "plc"]);
    const look = "id -un; readlink /proc/self/exe; ls /usr/bin/systemctl /bin/bash 2>/dev/null || echo neither";
    const seen = async () => (await ssh("one", "device", look)).stdout.split("\n");
    assert.deepEqual(await seen(), ["plc", "/bin/busybox", "neither", ""]);
    const before = await hostOf("one", "device");
    await lab("one", ["poweroff", "device"]);
    await lab("one", ["poweron", "device"]);
    assert.deepEqual(await hostOf("one", "device"), before);
    assert.deepEqual(await seen(), ["plc", "/bin/busybox", "neither", ""]);
  });

  it("does not touch another lab's hosts, and leaves nothing of its own", async () => {
    const other = await keptFor("two");
    assert.notDeepEqual(await keptFor("one"), []);
    await lab("one", ["down"]);
    assert.deepEqual(await keptFor("one"), []);
    assert.deepEqual(await hostsOf("one"), []);
    assert.deepEqual(await keptFor("two"), other);
    assert.equal((await ssh("two", "a", "hostname")).stdout, "a\n");
  });
});
