import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { cached, keyOf } from "./cache";
import { goBuildIn } from "./go";
import { sha256Of } from "./image";
import { projectDir } from "./versions";

const source = join(projectDir, "virtual-kubelet");
const program = "pulumi-virtual-kubelet";
const architectures = ["amd64", "arm64"] as const;

/** The node agent for every architecture, with SHA256SUMS; built anew when a source of it, or the package's version, is another one. */
export async function nodeAgent(): Promise<string> {
  const { version } = JSON.parse(await readFile(join(projectDir, "package.json"), "utf8")) as { version: string };
  return cached(`node-agent-${keyOf("1", version, await sources())}`, async (dir) => {
    const stamp = [`pulumi-kubeadm/virtual-kubelet/internal/node.Version=${version}`];
    const sums: string[] = [];
    for (const architecture of architectures) {
      const target = join(dir, `linux-${architecture}`);
      await mkdir(target);
      await goBuildIn(source, { packages: ["."], stamp, architecture, pinned: true }, target);
      // The go command calls a program like its directory.
      await rename(join(target, "virtual-kubelet"), join(target, program));
      sums.push(`${await sha256Of(join(target, program))}  linux-${architecture}/${program}\n`);
    }
    await writeFile(join(dir, "SHA256SUMS"), sums.join(""));
  });
}

/** The reference device at the end of a serial line, for this machine. */
export async function serialDevice(): Promise<string> {
  const dir = await cached(`serial-device-${keyOf("1", await sources())}`, (target) =>
    goBuildIn(source, { packages: ["./cmd/serial-device"], pinned: true }, target),
  );
  return join(dir, "serial-device");
}

/** Into the package, where the provider looks for it. The digests come last: with them it is whole. */
export async function packNodeAgent(): Promise<string> {
  const from = await nodeAgent();
  const target = join(projectDir, "dist", "virtual-kubelet");
  const sums = await readFile(join(from, "SHA256SUMS"), "utf8");
  if ((await readFile(join(target, "SHA256SUMS"), "utf8").catch(() => "")) === sums) return target;
  await rm(target, { recursive: true, force: true });
  for (const architecture of architectures) {
    const path = join(`linux-${architecture}`, program);
    await mkdir(dirname(join(target, path)), { recursive: true });
    await copyFile(join(from, path), join(target, path));
  }
  await writeFile(join(target, "SHA256SUMS"), sums);
  return target;
}

/** Everything the build reads, tests left out: path and digest. */
async function sources(): Promise<[string, string][]> {
  const entries = await readdir(source, { recursive: true, encoding: "utf8", withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith("_test.go"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const found: [string, string][] = [];
  for (const path of paths) found.push([path.slice(source.length), await sha256Of(path)]);
  return found;
}
