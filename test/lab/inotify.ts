import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { withLock } from "../tools/cache";
import { say } from "../tools/run";
import { type Engine, engineCall } from "./engine";

/** All hosts of all labs are one user to the kernel, so what they need adds up. */
const perHost = { max_user_instances: 40, max_user_watches: 4_096 } as const;
const machine = { max_user_instances: 48, max_user_watches: 65_536 } as const;
type Limit = keyof typeof perHost;
const names = Object.keys(perHost) as Limit[];

/** Shared by all labs of the machine, and gone when it restarts, as the limits are. */
const recordDir = "/run/pulumi-kubeadm-lab";
const record = join(recordDir, "inotify.json");

/** Raises the kernel's inotify limits where the hosts that exist and those that come would use them up. */
export async function raiseInotify(engine: Engine, coming: number): Promise<void> {
  const hosts = (await countHosts(engine)) + coming;
  const now = await readLimits();
  const low = names.filter((name) => now[name] < machine[name] + hosts * perHost[name]);
  if (low.length === 0) return;
  if (process.getuid?.() !== 0) {
    say(`lab: fs.inotify limits may be too low for ${hosts} hosts, and only root can raise them`);
    return;
  }
  await mkdir(recordDir, { recursive: true });
  await withLock(`${record}.lock`, async () => {
    if (!existsSync(record)) await writeFile(record, JSON.stringify(now));
    for (const name of low) await writeLimit(name, machine[name] + hosts * perHost[name]);
  });
}

/** Puts the limits back as they were before the first lab's first host. */
export async function restoreInotify(): Promise<void> {
  if (!existsSync(record)) return;
  await withLock(`${record}.lock`, async () => {
    if (!existsSync(record)) return;
    const before = JSON.parse(await readFile(record, "utf8")) as Record<Limit, number>;
    for (const name of names) await writeLimit(name, before[name]);
    await rm(recordDir, { recursive: true });
  });
}

/** The hosts of all labs of this machine. */
export async function countHosts(engine: Engine): Promise<number> {
  const { stdout } = await engineCall(engine, ["ps", "--all", "--quiet", "--filter", "label=pulumi-kubeadm.lab"]);
  return stdout.split("\n").filter(Boolean).length;
}

async function readLimits(): Promise<Record<Limit, number>> {
  const value = async (name: Limit) => Number(await readFile(`/proc/sys/fs/inotify/${name}`, "utf8"));
  return {
    max_user_instances: await value("max_user_instances"),
    max_user_watches: await value("max_user_watches"),
  };
}

async function writeLimit(name: Limit, value: number): Promise<void> {
  await writeFile(`/proc/sys/fs/inotify/${name}`, String(value));
}
