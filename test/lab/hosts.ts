import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import {
  connectInner,
  containerName,
  containerState,
  createContainer,
  hostImage,
  removeContainer,
  writeHostConfig,
} from "./container";
import { type Engine, engineCall } from "./engine";
import { changeState, type HostState, hostOf, type Lab, type LabState, loadState, publicKey } from "./state";

const bootDeadlineMs = 60_000;

/** Makes or starts the host's container and waits until one can log in. */
export async function startHost(engine: Engine, lab: Lab, name: string): Promise<void> {
  const state = loadState(lab);
  const host = hostOf(lab, state, name);
  const was = await containerState(engine, lab, name);
  if (was === "none") {
    await createContainer(engine, lab, host, await hostImage(engine));
    if (host.innerAddress !== undefined) await connectInner(engine, lab, name, host.innerAddress);
  }
  if (was !== "on") {
    await writeHostConfig(engine, lab, state, host, await publicKey(lab));
    await engineCall(engine, ["start", containerName(lab, name)]);
  }
  // A device has no systemd to ask: it is up when its sshd answers.
  if (!host.device) await waitUntilBooted(engine, lab, host);
  await waitForSshd(engine, lab, host);
  await recordHostKey(engine, lab, name);
}

/** Ends every process of the host at once, as a pulled plug does. */
export async function powerOff(engine: Engine, lab: Lab, name: string): Promise<void> {
  hostOf(lab, loadState(lab), name);
  if ((await containerState(engine, lab, name)) !== "on") return;
  await engineCall(engine, ["kill", "--signal", "KILL", containerName(lab, name)]);
  await engineCall(engine, ["wait", containerName(lab, name)]);
}

/** A fresh disk, host key and machine-id at the same address, for the same user. */
export async function reinstall(engine: Engine, lab: Lab, name: string): Promise<void> {
  hostOf(lab, loadState(lab), name);
  await removeContainer(engine, lab, name);
  await startHost(engine, lab, name);
}

export async function cut(engine: Engine, lab: Lab, name: string): Promise<void> {
  await setLinks(engine, lab, name, "down");
}

export async function heal(engine: Engine, lab: Lab, name: string): Promise<void> {
  await setLinks(engine, lab, name, "up");
  await refreshRoutes(engine, lab, loadState(lab), name);
}

async function setLinks(engine: Engine, lab: Lab, name: string, state: "up" | "down"): Promise<void> {
  const everyLink = 'for link in $(ls /sys/class/net | grep "^eth"); do ip link set "$link" "$1"; done';
  await inHost(engine, lab, name, ["sh", "-c", everyLink, "sh", state]);
}

/** Brings the routes of a host that runs in line with the lab as it is now. */
export async function refreshRoutes(engine: Engine, lab: Lab, state: LabState, name: string): Promise<void> {
  if ((await containerState(engine, lab, name)) !== "on") return;
  await writeHostConfig(engine, lab, state, hostOf(lab, state, name), await publicKey(lab));
  await inHost(engine, lab, name, ["/usr/local/sbin/lab-network"]);
}

function inHost(engine: Engine, lab: Lab, name: string, argv: readonly string[]) {
  hostOf(lab, loadState(lab), name);
  return engineCall(engine, ["exec", containerName(lab, name), ...argv]);
}

async function waitUntilBooted(engine: Engine, lab: Lab, host: HostState): Promise<void> {
  const ready = "systemctl is-active --quiet ssh && [ ! -e /run/nologin ]";
  const wait = `for i in $(seq ${bootDeadlineMs / 100}); do { ${ready}; } 2>/dev/null && exit 0; sleep 0.1; done; exit 1`;
  try {
    await engineCall(engine, ["exec", containerName(lab, host.name), "sh", "-c", wait]);
  } catch (cause) {
    const { stdout } = await engineCall(
      engine,
      ["exec", containerName(lab, host.name), "journalctl", "--no-pager", "--lines=30", "--priority=warning"],
      { accept: [0, 1, 125, 126, 127, 255] },
    );
    throw new Error(`host ${host.name} did not boot within ${bootDeadlineMs / 1000} s; its journal:\n${stdout}`, {
      cause,
    });
  }
}

async function waitForSshd(engine: Engine, lab: Lab, host: HostState): Promise<void> {
  const deadline = Date.now() + bootDeadlineMs;
  while (Date.now() < deadline) {
    if (await answersSsh(engine, lab, host)) return;
    await sleep(100);
  }
  throw new Error(
    `sshd of host ${host.name} does not answer at ${host.address}:22: is the host cut off? try \`lab heal\``,
  );
}

/** Asked from where a client would come: this machine, or the jump host. */
async function answersSsh(engine: Engine, lab: Lab, host: HostState): Promise<boolean> {
  if (host.behind === undefined) return (await bannerFrom(host.address)).startsWith("SSH-");
  const ask = `exec 3<>/dev/tcp/${host.address}/22 && head -c 4 <&3`;
  const jump = containerName(lab, host.behind);
  const { stdout } = await engineCall(engine, ["exec", jump, "timeout", "2", "bash", "-c", ask], {
    accept: [0, 1, 124],
  });
  return stdout === "SSH-";
}

function bannerFrom(address: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: 22, timeout: 2000 });
    const finish = (banner: string) => {
      socket.destroy();
      resolve(banner);
    };
    socket.once("data", (chunk) => finish(chunk.toString("latin1")));
    socket.once("error", () => finish(""));
    socket.once("timeout", () => finish(""));
    socket.once("close", () => finish(""));
  });
}

async function recordHostKey(engine: Engine, lab: Lab, name: string): Promise<void> {
  const { stdout } = await inHost(engine, lab, name, ["cat", "/etc/ssh/ssh_host_ed25519_key.pub"]);
  const hostKey = stdout.trim().split(" ").slice(0, 2).join(" ");
  await changeState(lab, (state) => {
    const host = hostOf(lab, state, name);
    return { ...state, hosts: { ...state.hosts, [name]: { ...host, hostKey } } };
  });
}
