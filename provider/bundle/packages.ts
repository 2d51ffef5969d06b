// Packages of the hosts' system into a bundle: those every node needs, and those for the API's virtual address.
import { copyFile, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import {
  type Architecture,
  frontPackagesOf,
  type OperatingSystem,
  type OsRelease,
  operatingSystem,
  packagesOf,
} from "../host/os/os";
import { UserError } from "../lib/errors";
import type { BundleOptions } from "./make";

type PackageOptions = Pick<BundleOptions, "system" | "packages" | "frontPackages" | "output" | "architectures" | "say">;

export async function copyPackages(options: PackageOptions): Promise<void> {
  const { system, packages, frontPackages, architectures } = options;
  if (system === undefined) return;
  const [id = "", version = ""] = system.split("/");
  const release: OsRelease = { id, version, like: [], codename: "", pretty: system };
  const os = operatingSystem(release);
  if (os === undefined)
    throw new UserError(
      `--os ${system} is no system we know`,
      "write it as <id>/<version>, such as debian/12 or rocky/9",
    );
  for (const architecture of architectures) {
    const copy = (from: string | undefined, to: typeof packagesOf, needed: readonly string[]) =>
      from === undefined
        ? undefined
        : copyTree(options, { os, architecture, from, to: to(release, architecture), needed });
    await copy(packages, packagesOf, os.requiredPackages(release));
    await copy(frontPackages, frontPackagesOf, os.frontPackages);
  }
}

interface Tree {
  os: OperatingSystem;
  architecture: Architecture;
  from: string;
  /** In the bundle. */
  to: string;
  needed: readonly string[];
}

/** Only what that system's package manager takes; a directory without any is a mistake. */
async function copyTree({ output, say }: PackageOptions, { os, architecture, from, to, needed }: Tree): Promise<void> {
  const files = (await readdir(from)).filter((file) => file.endsWith(os.packageSuffix));
  if (files.length === 0)
    throw new UserError(
      `${from} holds no ${os.packageSuffix} files`,
      "fetch them first, with everything they depend on",
    );
  const own = files.filter((file) => ofArchitecture(file, os.architecture(architecture)));
  await mkdir(join(output, to), { recursive: true });
  for (const file of own) await copyFile(join(from, file), join(output, to, file));
  const names = new Set(own.map((file) => os.packageOfFile(file)));
  const lacking = needed.filter((name) => !names.has(name));
  const have = lacking.length > 0 ? `; hosts have to have these already: ${lacking.join(", ")}` : "";
  say(`${own.length} packages into ${to}${have}`);
}

/** The last word before the suffix in both families; "all" and "noarch" fit everywhere. */
function ofArchitecture(file: string, architecture: string): boolean {
  return new RegExp(`[._](${architecture}|all|noarch)\\.(deb|rpm)$`).test(file);
}
