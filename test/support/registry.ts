// A registry that asks for a password, with the images of a bundle in it.
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { extract } from "tar-stream";
import { splitImage } from "../../provider/kubeadm/images";
import { binDir } from "../tools/env";

const user = "puller";
/** With a blank and a colon in it, on which quoting and splitting would show. */
const password = "asked for: by no one else";
/** The password's bcrypt, which is the only kind of hash the registry takes. */
const htpasswd = `${user}:$2b$04$SJZi2tn1yvfglCsTGr1H0.eupfoS6y5vCOirugNZUnWw1vCO/p35y\n`;

const startDeadlineMs = 20_000;

interface Blob {
  mediaType: string;
  digest: string;
  size: number;
}

export class Registry {
  readonly username = user;
  readonly password = password;
  /** What it told of every request, credentials left out. */
  log = "";

  private constructor(
    readonly host: string,
    private readonly dir: string,
    private readonly child: ChildProcess,
  ) {
    const take = (chunk: Buffer): void => {
      this.log += chunk.toString("utf8");
    };
    child.stdout?.on("data", take);
    child.stderr?.on("data", take);
  }

  static async open(address: string): Promise<Registry> {
    const dir = await mkdtemp(join(tmpdir(), "kubeadm-registry-"));
    const host = `${address}:${await freePort(address)}`;
    await writeFile(join(dir, "htpasswd"), htpasswd, { mode: 0o600 });
    await writeFile(join(dir, "config.json"), JSON.stringify(configuration(dir, host)));
    const child = spawn(join(await binDir(), "registry"), ["serve", join(dir, "config.json")], {
      env: { ...process.env, OTEL_TRACES_EXPORTER: "none" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const registry = new Registry(host, dir, child);
    await registry.untilReady();
    return registry;
  }

  get url(): string {
    return `http://${this.host}`;
  }

  /** "Basic ..." as it goes over the line. */
  get authorization(): string {
    return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  }

  /** What it answers somebody without a password. */
  async statusForAnyone(): Promise<number> {
    return (await fetch(`${this.url}/v2/`)).status;
  }

  /** Repositories a host got blobs of. */
  pulledBy(address: string): Set<string> {
    const lines = this.log.split("\n").filter((line) => line.startsWith(`${address} `));
    return new Set(lines.flatMap((line) => /"GET \/v2\/(\S+)\/blobs\/\S+ [^"]*" (200|206) /.exec(line)?.[1] ?? []));
  }

  /** All images of a bundle, each under its own name without its registry's. */
  async fill(bundle: string): Promise<void> {
    const images = join(bundle, "images", "amd64");
    const index = JSON.parse(await readFile(join(images, "index.json"), "utf8")) as { ref: string; file: string }[];
    for (const { ref, file } of index) await this.push(ref, join(images, file));
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    if (this.child.exitCode === null && this.child.kill()) await ended;
    await rm(this.dir, { recursive: true, force: true });
  }

  /** The image of a docker archive, under its own name without its registry's. */
  async push(ref: string, archive: string): Promise<void> {
    const { repository, tag = "latest" } = splitImage(ref);
    const files = await contentOf(archive);
    const [image] = JSON.parse(fileOf(files, "manifest.json").toString("utf8")) as {
      Config: string;
      Layers: string[];
    }[];
    if (image === undefined) throw new Error(`${archive} holds no image`);
    const blob = (name: string, mediaType: string): Promise<Blob> =>
      this.pushBlob(repository, fileOf(files, name), mediaType);
    const manifest = {
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: await blob(image.Config, "application/vnd.oci.image.config.v1+json"),
      layers: [] as Blob[],
    };
    for (const name of image.Layers) manifest.layers.push(await blob(name, layerType(fileOf(files, name))));
    await this.send(
      "PUT",
      `/v2/${repository}/manifests/${tag}`,
      Buffer.from(JSON.stringify(manifest)),
      manifest.mediaType,
    );
  }

  private async pushBlob(repository: string, content: Buffer, mediaType: string): Promise<Blob> {
    const digest = `sha256:${createHash("sha256").update(content).digest("hex")}`;
    const begun = await this.send("POST", `/v2/${repository}/blobs/uploads/`);
    const target = new URL(begun.headers.get("location") ?? "", this.url);
    target.searchParams.set("digest", digest);
    await this.send("PUT", `${target.pathname}${target.search}`, content, "application/octet-stream");
    return { mediaType, digest, size: content.length };
  }

  private async send(method: string, path: string, body?: Buffer, type?: string): Promise<Response> {
    const headers = { authorization: this.authorization, ...(type === undefined ? {} : { "content-type": type }) };
    const response = await fetch(`${this.url}${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response;
  }

  private async untilReady(): Promise<void> {
    const deadline = Date.now() + startDeadlineMs;
    while ((await this.statusForAnyone().catch(() => 0)) !== 401) {
      if (this.child.exitCode !== null || Date.now() > deadline)
        throw new Error(`the registry did not start:\n${this.log}`);
      await sleep(50);
    }
  }
}

function configuration(dir: string, host: string): object {
  return {
    version: 0.1,
    log: { level: "info", formatter: "text" },
    storage: { filesystem: { rootdirectory: join(dir, "data") } },
    http: { addr: host, secret: "only for resumed uploads" },
    auth: { htpasswd: { realm: "test", path: join(dir, "htpasswd") } },
  };
}

function layerType(content: Buffer): string {
  const zstd = content.readUInt32LE(0) === 0xfd2fb528;
  return `application/vnd.oci.image.layer.v1.tar+${zstd ? "zstd" : "gzip"}`;
}

function fileOf(files: ReadonlyMap<string, Buffer>, name: string): Buffer {
  const file = files.get(name);
  if (file === undefined) throw new Error(`the archive holds no ${name}`);
  return file;
}

async function contentOf(archive: string): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for await (const entry of createReadStream(archive).pipe(extract())) {
    files.set(entry.header.name, await buffer(entry));
  }
  return files;
}

function freePort(address: string): Promise<number> {
  const probe = createServer();
  return new Promise((resolve, reject) => {
    probe.once("error", reject).listen(0, address, () => {
      const found = probe.address();
      probe.close(() => (typeof found === "object" && found ? resolve(found.port) : reject(new Error("no port"))));
    });
  });
}
