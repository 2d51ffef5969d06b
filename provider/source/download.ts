// Upstream's release files straight onto the host, each proved by the checksum file that upstream publishes beside it.
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import type { Host } from "../host/host";
import { UserError } from "../lib/errors";
import { type Artifact, digestIn } from "./artifacts";
import type { StagedArtifact } from "./place";
import type { StageOptions } from "./supply";

/** With a mirror, the upstream host is the first part of the path. */
export function addressOf(path: string, mirror: string | undefined): string {
  return mirror === undefined ? `https://${path}` : `${mirror.replace(/\/+$/, "")}/${path}`;
}

/** An address may hold a user's password: it travels on standard input, and messages show it without. */
export function printable(address: string): string {
  return address.replace(/\/\/[^/@]*@/, "//");
}

const remedy = "check that the address can be reached (source.download.mirror names a mirror), or use a bundle";

/** $1: curl or wget, $2: where to. One address on standard input. */
const fetchScript = `
umask 077
mkdir -p "$(dirname "$2")"
read -r address
case "$1" in
  curl) printf 'url = "%s"\\n' "$address" | curl --config - --fail --silent --show-error --location --retry 3 --connect-timeout 15 --output "$2" ;;
  wget) printf '%s\\n' "$address" | wget --input-file=- --quiet --tries=3 --timeout=15 --output-document="$2" ;;
esac`;

/** `tool` is the one the host has. */
export async function fetchOnHost(
  host: Host,
  tool: string,
  address: string,
  path: string,
  timeoutMs: number,
): Promise<void> {
  try {
    await host.sh(fetchScript, [tool, path], { stdin: `${address}\n`, timeoutMs });
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new UserError(`${host.label}: cannot fetch ${printable(address)}: ${text}`, remedy, { cause });
  }
}

async function checksumOnHost(
  host: Host,
  tool: string,
  artifact: Artifact,
  path: string,
  address: string,
): Promise<string> {
  const file = `${path}.sum`;
  await fetchOnHost(host, tool, address, file, 60_000);
  return expected(artifact, address, (await host.readFile(file))?.toString("utf8") ?? "");
}

function expected(artifact: Artifact, address: string, text: string): string {
  const digest = digestIn(text, artifact.path);
  if (digest) return digest;
  throw new UserError(`${printable(address)} holds no checksum of ${artifact.title}`, remedy);
}

function mismatch(artifact: Artifact, address: string, found: string): UserError {
  return new UserError(
    `${artifact.title} from ${printable(address)} has digest ${found}, not the published one`,
    "look at what that address serves: the file was changed or cut short",
  );
}

/** Fetched by the host where it has a tool for it; otherwise by us, and sent on. */
export async function stageByDownload(
  host: Host,
  artifact: Artifact,
  path: string,
  mirror: string | undefined,
  options: StageOptions,
): Promise<StagedArtifact> {
  const address = addressOf(artifact.path, mirror);
  const sums = addressOf(artifact.checksum, mirror);
  options.progress.say(`${host.label}: fetching ${artifact.title}`);
  if (options.downloader === undefined) return stageThroughUs(host, artifact, path, address, sums, options);
  const sha256 = await checksumOnHost(host, options.downloader, artifact, path, sums);
  await fetchOnHost(host, options.downloader, address, path, options.timeoutMs);
  const { stdout } = await host.run(["sha256sum", path], { timeoutMs: options.timeoutMs });
  const found = stdout.slice(0, 64);
  if (found !== sha256) {
    await host.run(["rm", "-f", path]);
    throw mismatch(artifact, address, found);
  }
  return { artifact, sha256, path };
}

/** Any answer is one; an address may hold user and password. */
export async function ask(address: string, signal: AbortSignal): Promise<Response> {
  const url = new URL(address);
  const { username, password } = url;
  url.username = url.password = "";
  const basic = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString("base64");
  try {
    return await fetch(url, { signal, headers: username ? { authorization: `Basic ${basic}` } : {} });
  } catch (cause) {
    // fetch hides what happened behind "fetch failed".
    const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
    const text = inner instanceof Error ? inner.message : String(inner);
    throw new UserError(`cannot fetch ${printable(address)}: ${text}`, remedy, { cause });
  }
}

async function get(address: string, signal: AbortSignal): Promise<Response> {
  const response = await ask(address, signal);
  if (response.ok) return response;
  await response.body?.cancel();
  throw new UserError(`cannot fetch ${printable(address)}: the server answered ${response.status}`, remedy);
}

async function stageThroughUs(
  host: Host,
  artifact: Artifact,
  path: string,
  address: string,
  sums: string,
  options: StageOptions,
): Promise<StagedArtifact> {
  const directory = await mkdtemp(join(tmpdir(), "pulumi-kubeadm-"));
  try {
    const local = join(directory, "file");
    const sha256 = await download(artifact, address, sums, local, AbortSignal.timeout(options.timeoutMs));
    await host.upload({ path: local, ...sha256 }, path, 0o600);
    return { artifact, sha256: sha256.sha256, path };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** To a local file, checked; the bundle's maker uses it too. */
export async function download(
  artifact: Artifact,
  address: string,
  sums: string,
  local: string,
  signal: AbortSignal,
): Promise<{ sha256: string; size: number }> {
  const sha256 = expected(artifact, sums, await (await get(sums, signal)).text());
  const { body } = await get(address, signal);
  if (body === null) throw new UserError(`${printable(address)} is empty`, remedy);
  const hash = createHash("sha256");
  let size = 0;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      size += chunk.length;
      done(null, chunk);
    },
  });
  await pipeline(Readable.fromWeb(body as ReadableStream), count, createWriteStream(local));
  const found = hash.digest("hex");
  if (found !== sha256) throw mismatch(artifact, address, found);
  return { sha256, size };
}
