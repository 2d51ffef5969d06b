import { cp, mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { placeBuiltPrograms } from "./built";
import { cached, keyOf } from "./cache";
import { debianHost, frontDebs } from "./debian";
import { type ImageRecipe, sha256Of, writeImage } from "./image";
import { helloWebRecipe, imageRecipes, imageRefs } from "./images";
import { layout } from "./layout";
import { fetchImage, fetchReleases, origin } from "./upstream";
import { versions } from "./versions";

interface FileEntry {
  readonly path: string;
  readonly sha256: string;
  readonly size: number;
}

/** What is in no bundle makes none anew. */
const bundled = { ...versions, test: { ...versions.test, metricsServer: undefined } };

/** Raised when what a bundle holds changes without a pin that changes. */
const recipeVersion = 1;

/**
 * The directory with everything that hosts need for one Kubernetes version: an offline source for the product, and,
 * served over HTTP, a mirror with upstream's layout.
 */
export async function bundle(version = versions.kubernetes.default): Promise<string> {
  const from = await origin();
  const host = await debianHost();
  const front = await frontDebs();
  const recipes = from === "build" ? await imageRecipes(version) : [await helloWebRecipe()];
  const key = keyOf(recipeVersion, bundled, version, from, host, front, recipes);
  return cached(`bundle-${version}-${key}`, async (dir) => {
    if (from === "build") await placeBuiltPrograms(dir, version);
    else await fetchReleases(dir, version);
    await cp(join(host, "debs"), join(dir, layout.packages()), { recursive: true });
    await cp(join(front, "debs"), join(dir, layout.frontPackages()), { recursive: true });
    await placeImages(dir, version, recipes);
    await writeIndex(dir, version);
  });
}

/** Images that no recipe makes come from their registries. */
async function placeImages(dir: string, version: string, recipes: readonly ImageRecipe[]): Promise<void> {
  const images = join(dir, layout.images);
  await mkdir(images, { recursive: true });
  const index: (Omit<FileEntry, "path"> & { ref: string; file: string })[] = [];
  for (const ref of Object.values(imageRefs(version))) {
    const file = `${ref.replaceAll(/[/:]/g, "_")}.tar`;
    const target = join(images, file);
    const recipe = recipes.find((candidate) => candidate.ref === ref);
    if (recipe === undefined) await fetchImage(ref, target);
    else await writeImage(recipe, target);
    index.push({ ref, file, ...(await digestOf(target)) });
  }
  await writeFile(join(images, "index.json"), `${JSON.stringify(index, null, 2)}\n`);
}

async function writeIndex(dir: string, version: string): Promise<void> {
  const paths = (await readdir(dir, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)))
    .sort();
  const files: FileEntry[] = [];
  for (const path of paths) files.push({ path, ...(await digestOf(join(dir, path))) });
  const index = { format: 1, kubernetesVersion: version, architectures: ["amd64"], files };
  await writeFile(join(dir, "bundle.json"), `${JSON.stringify(index, null, 2)}\n`);
}

async function digestOf(file: string): Promise<Omit<FileEntry, "path">> {
  return { sha256: await sha256Of(file), size: (await stat(file)).size };
}
