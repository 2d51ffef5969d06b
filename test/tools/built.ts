import { copyFile, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { sha256Of } from "./image";
import { hostPrograms, layout } from "./layout";
import { kubernetes, programs } from "./programs";
import { run } from "./run";

/** Puts programs built here into `dir`, in the layout and with the checksum files of upstream's releases. */
export async function placeBuiltPrograms(dir: string, version: string): Promise<void> {
  const kube = await kubernetes(version);
  for (const name of hostPrograms) {
    const target = await place(join(kube, name), join(dir, layout.kubernetes(version, name)));
    await writeFile(`${target}.sha256`, await sha256Of(target));
  }
  const runc = await place(join(await programs("runc"), "runc"), join(dir, layout.runc()));
  await writeFile(join(dir, layout.runcSums()), `${await sha256Of(runc)} *${basename(runc)}\n`);

  const containerd = await archive(await programs("containerd"), "bin", join(dir, layout.containerd()));
  await writeFile(`${containerd}.sha256sum`, await sumLine(containerd));
  const plugins = await archive(await programs("cni-plugins"), ".", join(dir, layout.cniPlugins()));
  await writeFile(`${plugins}.sha256`, await sumLine(plugins));
}

async function place(from: string, target: string): Promise<string> {
  await mkdir(dirname(target), { recursive: true });
  await copyFile(from, target);
  return target;
}

/** Packs the programs in `from` below `prefix`, the same bytes at every build. */
async function archive(from: string, prefix: string, target: string): Promise<string> {
  await mkdir(dirname(target), { recursive: true });
  const stage = await mkdtemp(join(tmpdir(), "pulumi-kubeadm-archive-"));
  try {
    const names = (await readdir(from)).map((name) => (prefix === "." ? `./${name}` : `${prefix}/${name}`));
    await symlink(from, join(stage, "bin"));
    const where = prefix === "." ? from : stage;
    const same = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];
    await run(["tar", "--create", "--gzip", ...same, "--file", target, "--directory", where, ...names]);
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
  return target;
}

async function sumLine(file: string): Promise<string> {
  return `${await sha256Of(file)}  ${basename(file)}\n`;
}
