// A mirror that is a bundle served over HTTP holds the systems' packages too, and says so in its index.
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import type { LocalFile } from "../host/host";
import { UserError } from "../lib/errors";
import { type BundleIndex, bundleIndexSchema } from "./bundle";
import { addressOf, ask, printable } from "./download";

export type MirroredFile = BundleIndex["files"][number];

/** Empty where the mirror is none of ours: most are not, and the distribution's repositories serve then. */
export async function mirroredPackages(mirror: string, directory: string, timeoutMs: number): Promise<MirroredFile[]> {
  const response = await ask(addressOf("bundle.json", mirror), AbortSignal.timeout(timeoutMs));
  if (!response.ok) {
    await response.body?.cancel();
    return [];
  }
  const index = bundleIndexSchema.safeParse(await response.json().catch(() => undefined));
  return index.success ? index.data.files.filter(({ path }) => path.startsWith(`${directory}/`)) : [];
}

/** Fetched here, as a host without packages may have nothing to fetch with; checked by the index's digests. */
export async function withMirrored<T>(
  mirror: string,
  files: readonly MirroredFile[],
  timeoutMs: number,
  use: (local: LocalFile[]) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), "pulumi-kubeadm-"));
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const local: LocalFile[] = [];
    for (const file of files) local.push(await fetchOne(mirror, file, join(directory, basename(file.path)), signal));
    return await use(local);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function fetchOne(
  mirror: string,
  { path, sha256, size }: MirroredFile,
  local: string,
  signal: AbortSignal,
): Promise<LocalFile> {
  const address = addressOf(path, mirror);
  const response = await ask(address, signal);
  if (!response.ok || response.body === null) {
    throw new UserError(
      `${printable(address)} answered ${response.status}, though the mirror's index names it`,
      "make the mirror's directory whole again",
    );
  }
  const hash = createHash("sha256");
  const check = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  await pipeline(Readable.fromWeb(response.body as ReadableStream), check, createWriteStream(local));
  if (hash.digest("hex") === sha256) return { path: local, sha256, size };
  throw new UserError(
    `${printable(address)} is not what the mirror's index describes`,
    "make the mirror's directory whole again",
  );
}
