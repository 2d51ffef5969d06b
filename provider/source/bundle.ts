// A bundle: a directory with upstream's layout, packages by system and images by architecture, and an index of it all.
import { readFile } from "node:fs/promises";
import { join, normalize } from "node:path";
import { z } from "zod";
import type { LocalFile } from "../host/host";
import type { Architecture } from "../host/os/os";
import { UserError } from "../lib/errors";

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const relative = z
  .string()
  .refine((path) => !path.startsWith("/") && !normalize(path).startsWith(".."), "must stay in the bundle");

export const bundleIndexSchema = z.object({
  format: z.literal(1),
  kubernetesVersion: z.string(),
  architectures: z.array(z.enum(["amd64", "arm64"])),
  versions: z.object({ containerd: z.string(), runc: z.string(), cniPlugins: z.string() }).partial().optional(),
  files: z.array(z.object({ path: relative, sha256: digest, size: z.number().int().min(0) })),
});
export type BundleIndex = z.infer<typeof bundleIndexSchema>;

export const imageIndexSchema = z.array(
  z.object({ ref: z.string(), file: z.string().regex(/^[^/]+$/), sha256: digest, size: z.number().int().min(0) }),
);
export type ImageArchive = z.infer<typeof imageIndexSchema>[number];

export class Bundle {
  private readonly files: Map<string, LocalFile>;

  constructor(
    readonly directory: string,
    readonly index: BundleIndex,
  ) {
    this.files = new Map(
      index.files.map(({ path, sha256, size }) => [path, { path: join(directory, path), sha256, size }]),
    );
  }

  /** By its path in the bundle. */
  file(path: string): LocalFile {
    const file = this.files.get(path);
    if (file) return file;
    throw new UserError(
      `the bundle ${this.directory} does not hold ${path}`,
      "make it again with `npx pulumi-kubeadm bundle`, with this Kubernetes version, architecture and system",
    );
  }

  has(path: string): boolean {
    return this.files.has(path);
  }

  /** Packages of one system, e.g. below "packages/debian/12/amd64". */
  below(directory: string): LocalFile[] {
    return [...this.files].flatMap(([path, file]) => (path.startsWith(`${directory}/`) ? [file] : []));
  }

  async images(architecture: Architecture): Promise<(ImageArchive & { local: LocalFile })[]> {
    const path = `images/${architecture}/index.json`;
    const list = imageIndexSchema.parse(await readJson(join(this.directory, path)));
    return list.map((image) => ({
      ...image,
      local: { path: join(this.directory, "images", architecture, image.file), sha256: image.sha256, size: image.size },
    }));
  }
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new UserError(
      `cannot read the bundle's ${path}: ${text}`,
      "make the bundle with `npx pulumi-kubeadm bundle`, or correct source.bundle.path",
      {
        cause,
      },
    );
  }
}

export async function openBundle(directory: string): Promise<Bundle> {
  const parsed = bundleIndexSchema.safeParse(await readJson(join(directory, "bundle.json")));
  if (parsed.success) return new Bundle(directory, parsed.data);
  throw new UserError(
    `${join(directory, "bundle.json")} is not an index of a bundle: ${parsed.error.issues.map((i) => `${i.path.join(".")}: ${i.message}`).join("; ")}`,
    "make the bundle with this version's `npx pulumi-kubeadm bundle`",
  );
}
