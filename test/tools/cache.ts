import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { say } from "./run";

const heartbeatMs = 30_000;

/** Where everything that is built or fetched is kept, so that a second run finds it in place. */
export function cacheDir(): string {
  const own = process.env.PULUMI_KUBEADM_CACHE;
  if (own) return own;
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "pulumi-kubeadm");
}

/** A short name for everything a result depends on: another pin, or another recipe, is another directory. */
export function keyOf(...inputs: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(inputs)).digest("hex").slice(0, 12);
}

/**
 * The directory `<cache>/<name>`, built by `build` if it is not there yet. The build works in a directory of its own
 * which is renamed when complete, so an interrupted build leaves nothing that looks finished.
 */
export async function cached(name: string, build: (dir: string) => Promise<void>): Promise<string> {
  const target = join(cacheDir(), name);
  if (existsSync(target)) return target;
  await mkdir(cacheDir(), { recursive: true });
  await withLock(join(cacheDir(), `.${name}.lock`), async () => {
    if (existsSync(target)) return;
    await removeUnfinished(name);
    const temp = await mkdtemp(join(cacheDir(), `.${name}.tmp-`));
    try {
      await timed(name, () => build(temp));
      await rename(temp, target);
    } finally {
      await rm(temp, { recursive: true, force: true });
    }
  });
  return target;
}

/** Runs `work` while this process alone holds the lock file; the kernel frees it however this process ends. */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const holder = spawn("flock", ["--exclusive", file, "sh", "-c", "echo held; cat >/dev/null"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = new Promise<void>((resolve) => holder.on("close", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    holder.on("error", reject);
    holder.on("close", () => reject(new Error(`could not lock ${file}: flock ended early`)));
    holder.stdout.once("data", () => resolve());
  });
  try {
    return await work();
  } finally {
    holder.stdin.end();
    await ended;
  }
}

/** What builds that were killed have left; with the lock held, none of it is at work. */
async function removeUnfinished(name: string): Promise<void> {
  const unfinished = (await readdir(cacheDir())).filter((entry) => entry.startsWith(`.${name}.tmp-`));
  for (const entry of unfinished) await rm(join(cacheDir(), entry), { recursive: true, force: true });
}

async function timed(name: string, work: () => Promise<void>): Promise<void> {
  const start = Date.now();
  const elapsed = () => `${Math.round((Date.now() - start) / 1000)} s`;
  say(`[build] ${name} ...`);
  const heartbeat = setInterval(() => say(`[build] ${name}: still at work, ${elapsed()}`), heartbeatMs);
  try {
    await work();
    say(`[build] ${name} done in ${elapsed()}`);
  } finally {
    clearInterval(heartbeat);
  }
}
