// Makes a bundle: everything a cluster's hosts need, in upstream's layout, with digests.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Architecture } from "../host/os/os";
import { defaultVersions } from "../kubeadm/companions";
import { imagesFor } from "../kubeadm/images";
import type { Network } from "../kubeadm/spec";
import { type Artifact, allArtifacts, type ComponentVersions, digestIn } from "../source/artifacts";
import type { BundleIndex, ImageArchive } from "../source/bundle";
import { addressOf, download } from "../source/download";
import { copyAgents } from "./agents";
import { archiveImage } from "./imageArchive";
import { copyPackages } from "./packages";
import type { RegistryOptions } from "./registry";

export interface BundleOptions {
  versions: ComponentVersions;
  architectures: readonly Architecture[];
  output: string;
  mirror?: string | undefined;
  cni: Network["cni"];
  /** Beside those that Kubernetes and the CNI need. */
  images: readonly string[];
  /** "debian/12": whose packages `packages` holds. */
  system?: string | undefined;
  /** Directory of packages that were fetched before. */
  packages?: string | undefined;
  /** Those for control planes that hold the API's virtual address. */
  frontPackages?: string | undefined;
  /** A node agent of the user's own build. Absent: the package's. */
  virtualKubelet?: string | undefined;
  registries: RegistryOptions;
  say: (text: string) => void;
}

export function defaultComponents(kubernetes: string): ComponentVersions {
  const { containerd, runc, cniPlugins } = defaultVersions;
  return { kubernetes, containerd, runc, cniPlugins };
}

async function digestOf(path: string): Promise<{ sha256: string; size: number }> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return { sha256: hash.digest("hex"), size: (await stat(path)).size };
}

async function textOf(path: string): Promise<string> {
  return readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
}

/** As upstream writes them, so that the directory serves as a mirror too: one digest, or a line for each file. */
async function writeChecksum(output: string, artifact: Artifact, sha256: string): Promise<void> {
  const path = join(output, artifact.checksum);
  const name = basename(artifact.path);
  const others = (await textOf(path))
    .split("\n")
    .filter((line) => line !== "" && !line.endsWith(`  ${name}`) && line.includes("  "));
  const bare = artifact.path.startsWith("dl.k8s.io/");
  await writeFile(path, bare ? `${sha256}\n` : `${[...others, `${sha256}  ${name}`].join("\n")}\n`);
}

/** What an earlier run left whole is not fetched again. */
async function isThere(output: string, artifact: Artifact): Promise<boolean> {
  const wanted = digestIn(await textOf(join(output, artifact.checksum)), artifact.path);
  if (wanted === undefined) return false;
  const found = await digestOf(join(output, artifact.path)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  return found?.sha256 === wanted;
}

async function fetchArtifacts({
  versions,
  architectures,
  output,
  mirror,
  registries,
  say,
}: BundleOptions): Promise<void> {
  for (const artifact of architectures.flatMap((architecture) => allArtifacts(versions, architecture))) {
    if (await isThere(output, artifact)) continue;
    say(`fetching ${artifact.title} (${artifact.path})`);
    const local = join(output, artifact.path);
    await mkdir(dirname(local), { recursive: true });
    const addresses = [addressOf(artifact.path, mirror), addressOf(artifact.checksum, mirror)] as const;
    const { sha256 } = await download(artifact, ...addresses, local, registries.signal);
    await writeChecksum(output, artifact, sha256);
  }
}

async function fetchImages(options: BundleOptions, architecture: Architecture): Promise<void> {
  const { versions, cni, images, output, registries, say } = options;
  const { first, rest } = imagesFor({ kubernetesVersion: versions.kubernetes, role: "controlPlane", cni });
  const directory = join(output, "images", architecture);
  await mkdir(directory, { recursive: true });
  const index: ImageArchive[] = [];
  for (const ref of new Set([...first, ...rest, ...images])) {
    const file = `${ref.replaceAll(/[/:@]/g, "_")}.tar`;
    say(`fetching image ${ref} for ${architecture}`);
    await archiveImage(ref, architecture, join(directory, file), registries);
    index.push({ ref, file, ...(await digestOf(join(directory, file))) });
  }
  await writeFile(join(directory, "index.json"), `${JSON.stringify(index, null, 2)}\n`);
}

async function writeIndex({ versions, architectures, output }: BundleOptions): Promise<void> {
  const entries = await readdir(output, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(output, join(entry.parentPath, entry.name)));
  const files = [];
  for (const path of paths.sort()) files.push({ path, ...(await digestOf(join(output, path))) });
  const { kubernetes, containerd, runc, cniPlugins } = versions;
  const index: BundleIndex = {
    format: 1,
    kubernetesVersion: kubernetes,
    architectures: [...architectures],
    versions: { containerd, runc, cniPlugins },
    files,
  };
  await writeFile(join(output, "bundle.json"), `${JSON.stringify(index, null, 2)}\n`);
}

/** The index is taken away first and written last: a directory that has one is whole. */
export async function makeBundle(options: BundleOptions): Promise<void> {
  await mkdir(options.output, { recursive: true });
  await rm(join(options.output, "bundle.json"), { force: true });
  await fetchArtifacts(options);
  await copyPackages(options);
  await copyAgents(options);
  for (const architecture of options.architectures) await fetchImages(options, architecture);
  await writeIndex(options);
}
