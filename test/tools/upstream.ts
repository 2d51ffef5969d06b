import { createWriteStream } from "node:fs";
import { chmod, mkdir, readFile, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { cached } from "./cache";
import { sha256Of } from "./image";
import { hostPrograms, layout } from "./layout";
import { run, say } from "./run";
import { versions } from "./versions";

const probeMs = 3_000;
const pulumiHost = "https://github.com/pulumi/pulumi/releases/download";

export type Origin = "upstream" | "build";

let chosen: Promise<Origin> | undefined;

/** Where programs come from: decided once, by one question to upstream, unless PROGRAMS says it. */
export function origin(): Promise<Origin> {
  chosen ??= choose();
  return chosen;
}

async function choose(): Promise<Origin> {
  const forced = process.env.PROGRAMS;
  if (forced === "upstream" || forced === "build") {
    say(`[setup] programs: ${forced}, as PROGRAMS says`);
    return forced;
  }
  if (forced) throw new Error(`PROGRAMS is ${JSON.stringify(forced)}: use upstream or build`);
  const address = `https://${layout.kubernetes(versions.kubernetes.default, "kubeadm")}`;
  const answers = await fetch(address, { method: "HEAD", signal: AbortSignal.timeout(probeMs) }).then(
    (response) => response.ok,
    () => false,
  );
  say(
    `[setup] programs: ${answers ? "upstream's releases" : "built from Go modules"} (PROGRAMS=upstream|build forces it)`,
  );
  return answers ? "upstream" : "build";
}

/** Fetches upstream's release files into `dir`, with their checksum files, and compares. */
export async function fetchReleases(dir: string, version: string): Promise<void> {
  for (const name of hostPrograms) {
    const path = layout.kubernetes(version, name);
    await fetchChecked(dir, path, `${path}.sha256`);
  }
  await fetchChecked(dir, layout.runc(), layout.runcSums());
  await fetchChecked(dir, layout.containerd(), `${layout.containerd()}.sha256sum`);
  await fetchChecked(dir, layout.cniPlugins(), `${layout.cniPlugins()}.sha256`);
}

/** The Pulumi CLI with its language host. */
export function upstreamPulumi(): Promise<string> {
  const file = `pulumi-v${versions.pulumi}-linux-x64.tar.gz`;
  return cached(`pulumi-${versions.pulumi}-upstream`, async (dir) => {
    const base = `${pulumiHost}/v${versions.pulumi}`;
    await download(`${base}/${file}`, join(dir, file));
    await download(`${base}/pulumi-${versions.pulumi}-checksums.txt`, join(dir, "sums"));
    await compare(join(dir, file), join(dir, "sums"));
    await run(["tar", "--extract", "--gzip", "--strip-components=1", "--file", join(dir, file), "--directory", dir]);
  });
}

export async function fetchKubectl(target: string, version: string): Promise<void> {
  const address = `https://${layout.kubernetes(version, "kubectl")}`;
  await download(address, target);
  const sums = `${target}.sha256`;
  await download(`${address}.sha256`, sums);
  await compare(target, sums);
  await rm(sums);
  await chmod(target, 0o755);
}

/** An image from its registry, as a docker archive. */
export async function fetchImage(ref: string, target: string): Promise<void> {
  await run(["skopeo", "copy", "--override-arch", "amd64", `docker://${ref}`, `docker-archive:${target}:${ref}`]);
}

async function fetchChecked(dir: string, path: string, sums: string): Promise<void> {
  await download(`https://${path}`, join(dir, path));
  await download(`https://${sums}`, join(dir, sums));
  await compare(join(dir, path), join(dir, sums));
}

async function download(address: string, target: string): Promise<void> {
  const response = await fetch(address).catch((cause: unknown) => {
    throw new Error(`${address} does not answer: PROGRAMS=build builds the programs instead`, { cause });
  });
  if (!response.ok || response.body === null) throw new Error(`${address} answered ${response.status}`);
  await mkdir(dirname(target), { recursive: true });
  await pipeline(Readable.fromWeb(response.body as ReadableStream), createWriteStream(target));
}

/** A checksum file is one bare digest, or lines of digest and file name. */
async function compare(file: string, sums: string): Promise<void> {
  const lines = (await readFile(sums, "utf8")).split("\n").map((line) => line.trim().split(/\s+\*?/));
  const line = lines.find(([digest, name]) => digest && (name === undefined || name === basename(file)));
  const actual = await sha256Of(file);
  if (line?.[0] !== actual) {
    throw new Error(
      `${basename(file)} has sha256 ${actual}, ${basename(sums)} says ${line?.[0] ?? "nothing about it"}`,
    );
  }
}
