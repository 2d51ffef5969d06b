import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pack } from "tar-stream";
import { keyOf } from "../tools/cache";
import { debianBinaries, debianHost, hostFilesDir } from "../tools/debian";
import { type Engine, engineCall } from "./engine";
import { nameServerOf, networkName, routesOf } from "./network";
import type { HostState, Lab, LabState } from "./state";

export function containerName(lab: Lab, host: string): string {
  return `${lab.prefix}-${host}`;
}

function volumeName(lab: Lab, host: string): string {
  return `${containerName(lab, host)}-var`;
}

/** Whether there is a container of this host, and whether it runs. */
export async function containerState(engine: Engine, lab: Lab, host: string): Promise<"none" | "off" | "on"> {
  const { code, stdout } = await engineCall(
    engine,
    ["container", "inspect", "--format", "{{.State.Running}}", containerName(lab, host)],
    { accept: [0, 1, 125] },
  );
  if (code !== 0) return "none";
  return stdout.trim() === "true" ? "on" : "off";
}

/** The engine's name for the host image, imported when it is not there yet. */
export async function hostImage(engine: Engine): Promise<string> {
  const rootfs = join(await debianHost(), "rootfs.tar");
  const image = `localhost/pulumi-kubeadm-lab:${keyOf(rootfs)}`;
  const { code } = await engineCall(engine, ["image", "inspect", image], { accept: [0, 1, 125] });
  if (code !== 0) await engineCall(engine, ["import", rootfs, image]);
  return image;
}

/** Makes the host's container with a fresh disk; it does not start it. */
export async function createContainer(engine: Engine, lab: Lab, host: HostState, image: string): Promise<void> {
  const kind = host.behind === undefined ? "outer" : "inner";
  const name = containerName(lab, host.name);
  await engineCall(engine, [
    ...["create", "--name", name, "--hostname", host.name, "--label", `pulumi-kubeadm.lab=${lab.prefix}`],
    ...["--network", networkName(lab, kind), "--ip", host.address, ...engine.bootOptions],
    // Containerd's overlay cannot lie on the container's own overlay.
    ...["--volume", `${volumeName(lab, host.name)}:/var`, image, `/usr/local/sbin/${firstProcess(host)}`],
  ]);
  const programs = [firstProcess(host), "lab-network"].map(async (file) => ({
    path: `usr/local/sbin/${file}`,
    mode: 0o755,
    content: await readFile(join(hostFilesDir, file)),
  }));
  await copyIn(engine, name, [...(await Promise.all(programs)), ...(host.device ? [await busybox()] : [])]);
}

function firstProcess({ device }: HostState): string {
  return device ? "lab-device" : "lab-init";
}

async function busybox(): Promise<FileToCopy> {
  const content = await readFile(join(await debianBinaries(), "busybox"));
  return { path: "usr/local/lib/lab/busybox", mode: 0o755, content };
}

/** Writes what the host's boot script reads: its name, its user and its routes. */
export async function writeHostConfig(
  engine: Engine,
  lab: Lab,
  state: LabState,
  host: HostState,
  authorizedKey: string,
) {
  const settings: Record<string, string> = {
    LAB_NAME: host.name,
    LAB_ADDRESS: host.address,
    LAB_USER: host.user,
    LAB_PASSWORD_HASH: host.passwordHash,
    LAB_AUTHORIZED_KEY: authorizedKey,
    LAB_NAMESERVER: nameServerOf(state, host),
    LAB_ROUTES: routesOf(state, host).join("\n"),
    LAB_FORWARD: host.innerAddress === undefined ? "no" : "yes",
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}='${value}'\n`);
  await copyIn(engine, containerName(lab, host.name), [
    { path: "etc/lab/host.conf", mode: 0o600, content: Buffer.from(lines.join("")) },
  ]);
}

/** Connects a jump host to the network behind it. */
export async function connectInner(engine: Engine, lab: Lab, host: string, address: string): Promise<void> {
  await engineCall(engine, [
    "network",
    "connect",
    "--ip",
    address,
    networkName(lab, "inner"),
    containerName(lab, host),
  ]);
}

export async function removeContainer(engine: Engine, lab: Lab, host: string): Promise<void> {
  const name = containerName(lab, host);
  const state = await containerState(engine, lab, host);
  // An orderly shutdown of what is thrown away would only take time.
  if (state === "on") await engineCall(engine, ["kill", "--signal", "KILL", name]);
  if (state !== "none") await engineCall(engine, ["rm", "--force", name]);
  await engineCall(engine, ["volume", "rm", "--force", volumeName(lab, host)]);
}

interface FileToCopy {
  readonly path: string;
  readonly mode: number;
  readonly content: Buffer;
}

async function copyIn(engine: Engine, container: string, files: readonly FileToCopy[]): Promise<void> {
  const archive = pack();
  for (const { path, mode, content } of files) archive.entry({ name: path, mode }, content);
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  await engineCall(engine, ["cp", "-", `${container}:/`], { stdin: Buffer.concat(chunks) });
}
