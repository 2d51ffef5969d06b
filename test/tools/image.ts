import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { copyFile, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { type Pack, pack } from "tar-stream";
import { run } from "./run";

/** Something that lies in an image: a program of this machine, or a link to one. */
export interface ImageFile {
  readonly path: string;
  readonly from?: string;
  readonly linkTo?: string;
}

export interface ImageRecipe {
  readonly ref: string;
  /** A tar that is the image's first layer. */
  readonly base?: string;
  readonly files: readonly ImageFile[];
  readonly entrypoint?: readonly string[];
}

interface Layer {
  readonly file: string;
  readonly diffId: string;
}

const searchPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/bin";

/** Writes the image as a docker archive, with layers packed by zstd: containerd unpacks them as they are. */
export async function writeImage(recipe: ImageRecipe, target: string): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), "pulumi-kubeadm-image-"));
  try {
    const layers: Layer[] = [];
    if (recipe.base !== undefined) {
      await copyFile(recipe.base, join(dir, "base.tar"));
      layers.push(await packLayer(join(dir, "base.tar")));
    }
    await writeTar(join(dir, "files.tar"), (archive) => addFiles(archive, recipe.files));
    layers.push(await packLayer(join(dir, "files.tar")));
    await writeTar(target, (archive) => addImage(archive, recipe, layers));
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

export async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

async function packLayer(tar: string): Promise<Layer> {
  const diffId = `sha256:${await sha256Of(tar)}`;
  await run(["zstd", "--quiet", "-12", "--threads=0", "--rm", tar, "-o", `${tar}.zst`]);
  return { file: `${tar}.zst`, diffId };
}

async function addImage(archive: Pack, recipe: ImageRecipe, layers: readonly Layer[]): Promise<void> {
  const config = JSON.stringify({
    architecture: "amd64",
    os: "linux",
    config: {
      Env: [searchPath],
      WorkingDir: "/",
      ...(recipe.entrypoint === undefined ? {} : { Entrypoint: recipe.entrypoint }),
    },
    rootfs: { type: "layers", diff_ids: layers.map((layer) => layer.diffId) },
  });
  const configName = `${createHash("sha256").update(config).digest("hex")}.json`;
  await add(archive, configName, Buffer.from(config));
  const names: string[] = [];
  for (const layer of layers) {
    const name = `${await sha256Of(layer.file)}.tar`;
    await add(archive, name, await readFile(layer.file));
    names.push(name);
  }
  const manifest = [{ Config: configName, RepoTags: [recipe.ref], Layers: names }];
  await add(archive, "manifest.json", Buffer.from(JSON.stringify(manifest)));
}

async function addFiles(archive: Pack, files: readonly ImageFile[]): Promise<void> {
  archive.entry({ name: "tmp/", type: "directory", mode: 0o1777, mtime: epoch });
  for (const file of files) {
    if (file.linkTo !== undefined) {
      archive.entry({ name: file.path, type: "symlink", linkname: file.linkTo, mtime: epoch });
    } else if (file.from !== undefined) {
      const { mode } = await stat(file.from);
      await add(archive, file.path, await readFile(file.from), mode & 0o777);
    }
  }
}

// The same content makes the same image, whenever it is built.
const epoch = new Date(0);

function add(archive: Pack, name: string, content: Buffer, mode = 0o644): Promise<void> {
  return new Promise((resolve, reject) => {
    archive.entry({ name, mode, mtime: epoch }, content, (error) => (error ? reject(error) : resolve()));
  });
}

async function writeTar(target: string, fill: (archive: Pack) => Promise<void>): Promise<void> {
  const archive = pack();
  const written = pipeline(archive, createWriteStream(target));
  await fill(archive);
  archive.finalize();
  await written;
}
