// Where a host's packages come from: the bundle, a mirror that is one, or the distribution's repositories.
import type { LocalFile } from "../../host/host";
import { frontPackagesOf, packagesOf } from "../../host/os/os";
import { deadline } from "../../kubeadm/spec";
import { UserError } from "../../lib/errors";
import { type MirroredFile, mirroredPackages } from "../../source/mirrorPackages";
import type { PrepareContext } from "./context";

export const fileName = (file: { path: string }) => file.path.slice(file.path.lastIndexOf("/") + 1);

/** A control plane that holds the API's virtual address needs more than the others. */
export const holdsAddress = ({ inputs }: PrepareContext) => inputs.front?.by === "keepalived";

/** Where the packages come from on this host. */
export type Origin =
  | { from: "files"; files: readonly LocalFile[] }
  | { from: "mirror"; mirror: string; files: MirroredFile[] }
  | { from: "repositories" };

/** The bundle's trees for this host; what is in both is taken once. */
function treesOf(context: PrepareContext): string[] {
  const { facts, architecture } = context;
  const front = holdsAddress(context) ? [frontPackagesOf(facts.os, architecture)] : [];
  return [packagesOf(facts.os, architecture), ...front];
}

const once = <T extends { path: string }>(files: readonly T[]): T[] => [
  ...new Map(files.map((file) => [fileName(file), file])).values(),
];

export async function originOf(context: PrepareContext): Promise<Origin> {
  const { supply, inputs, os } = context;
  const { bundle } = supply;
  const trees = treesOf(context);
  if (bundle !== undefined) {
    const files = trees.flatMap((tree) => bundle.below(tree)).filter(({ path }) => path.endsWith(os.packageSuffix));
    return { from: "files", files: once(files) };
  }
  const mirror = "download" in inputs.source ? inputs.source.download.mirror : undefined;
  const files = mirror === undefined ? [] : await mirrored(mirror, trees, deadline(inputs.timeouts, "command"));
  return mirror === undefined || files.length === 0 ? { from: "repositories" } : { from: "mirror", mirror, files };
}

async function mirrored(mirror: string, trees: readonly string[], timeoutMs: number): Promise<MirroredFile[]> {
  return once((await Promise.all(trees.map((tree) => mirroredPackages(mirror, tree, timeoutMs)))).flat());
}

export function refuseLacking(
  { os, facts, architecture }: PrepareContext,
  names: readonly string[],
  files: readonly { path: string }[],
): void {
  const lacking = names.filter((name) => !files.some((file) => os.packageOfFile(fileName(file)) === name));
  if (lacking.length === 0) return;
  throw new UserError(
    `the bundle holds no ${lacking.join(", ")} for ${facts.os.pretty}`,
    `put the packages into ${packagesOf(facts.os, architecture)} (--packages) and those for a virtual address into ${frontPackagesOf(facts.os, architecture)} (--front-packages) when making the bundle, or install them on the host`,
  );
}
