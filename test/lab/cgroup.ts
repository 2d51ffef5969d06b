import { existsSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";

/**
 * The deepest of a process's cgroups, without a trailing slash. One path below all of them serves for every controller:
 * where the process is in the root group of a controller, anything is below it.
 */
export function deepestCgroup(procSelfCgroup: string): string {
  const paths = procSelfCgroup
    .split("\n")
    .map((line) => line.split(":").slice(2).join(":"))
    .filter((path) => path.startsWith("/") && path !== "/");
  const deepest = paths.reduce((one, other) => (other.length > one.length ? other : one), "");
  const beside = paths.find((path) => deepest !== path && !deepest.startsWith(`${path}/`));
  if (beside !== undefined) {
    throw new Error(`this process is in unrelated cgroups, ${deepest} and ${beside}: no path is below both`);
  }
  return deepest;
}

/** Removes the empty groups that the engine leaves at `path` in each controller of cgroup version 1. */
export function removeEmptyCgroups(path: string): void {
  for (const controller of readdirSync("/sys/fs/cgroup")) {
    const dir = join("/sys/fs/cgroup", controller, path);
    if (existsSync(dir)) removeTree(dir);
  }
}

function removeTree(dir: string): void {
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    if (entry.isDirectory()) removeTree(join(dir, entry.name));
  }
  try {
    rmdirSync(dir);
  } catch (error) {
    // Another lab has started a host in it meanwhile.
    if ((error as NodeJS.ErrnoException).code !== "EBUSY") throw error;
  }
}
