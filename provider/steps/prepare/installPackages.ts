import type { LocalFile } from "../../host/host";
import { record } from "../../host/journal";
import type { PackageCommand } from "../../host/os/os";
import { packageTree } from "../../host/os/os";
import { cutInstallation } from "../../host/undo/plan";
import { deadline } from "../../kubeadm/spec";
import { UserError } from "../../lib/errors";
import { type MirroredFile, mirroredPackages, withMirrored } from "../../source/mirrorPackages";
import { stagingDirectory, uploadMany } from "../../source/place";
import type { Step } from "../step";
import type { PrepareContext } from "./context";

const fileName = (file: { path: string }) => file.path.slice(file.path.lastIndexOf("/") + 1);

function missing({ os, facts }: PrepareContext): string[] {
  return os.requiredPackages(facts.os).filter((name) => facts.packages[name] === undefined);
}

async function installed({ host, os }: PrepareContext): Promise<Map<string, string>> {
  const { argv, env } = os.listInstalled;
  return os.parseInstalled((await host.run(argv, { env })).stdout);
}

const accountsScript = "cut -d: -f1 /etc/passwd | sed 's/^/user /'; cut -d: -f1 /etc/group | sed 's/^/group /'";

async function accounts({ host }: PrepareContext): Promise<Set<string>> {
  return new Set((await host.sh(accountsScript)).stdout.split("\n").filter((line) => line !== ""));
}

async function execute({ host, inputs }: PrepareContext, { argv, env, mustFinish }: PackageCommand): Promise<void> {
  await host.run(argv, { env, mustFinish, timeoutMs: deadline(inputs.timeouts, "packages") });
}

/** From the distribution's repositories: the lists are read anew only where the first try does not know a name. */
async function fromRepositories(context: PrepareContext, names: readonly string[]): Promise<void> {
  const { os, inputs } = context;
  const lock = deadline(inputs.timeouts, "packages") / 2000;
  const command = os.install(names, Math.floor(lock));
  try {
    await execute(context, command);
  } catch (error) {
    if (os.refresh === undefined) throw error;
    await execute(context, os.refresh);
    await execute(context, command);
  }
}

/** Where the packages come from on this host. */
type Origin =
  | { from: "files"; files: readonly LocalFile[] }
  | { from: "mirror"; mirror: string; files: MirroredFile[] }
  | { from: "repositories" };

async function originOf(context: PrepareContext): Promise<Origin> {
  const { supply, inputs, os, facts, architecture } = context;
  const directory = `packages/${packageTree(facts.os, architecture)}`;
  if (supply.bundle !== undefined)
    return {
      from: "files",
      files: supply.bundle.below(directory).filter(({ path }) => path.endsWith(os.packageSuffix)),
    };
  const mirror = "download" in inputs.source ? inputs.source.download.mirror : undefined;
  const files =
    mirror === undefined ? [] : await mirroredPackages(mirror, directory, deadline(inputs.timeouts, "command"));
  return mirror === undefined || files.length === 0 ? { from: "repositories" } : { from: "mirror", mirror, files };
}

/** Everything of the bundle's tree that the host lacks: the tree holds the required ones with what they depend on. */
async function fromFiles(
  context: PrepareContext,
  files: readonly LocalFile[],
  have: Map<string, string>,
): Promise<void> {
  const { host, os, inputs } = context;
  const lacking = files.filter((file) => !have.has(os.packageOfFile(fileName(file))));
  const directory = `${stagingDirectory}/packages`;
  const paths = await uploadMany(host, lacking, directory, deadline(inputs.timeouts, "transfer"));
  await execute(context, os.installLocal(paths, Math.floor(deadline(inputs.timeouts, "packages") / 2000)));
  await host.run(["rm", "-rf", directory]);
}

async function install(
  context: PrepareContext,
  origin: Origin,
  names: readonly string[],
  have: Map<string, string>,
): Promise<void> {
  if (origin.from === "repositories") return fromRepositories(context, names);
  if (origin.from === "files") return fromFiles(context, origin.files, have);
  const lacking = origin.files.filter((file) => !have.has(context.os.packageOfFile(fileName(file))));
  const timeoutMs = deadline(context.inputs.timeouts, "transfer");
  return withMirrored(origin.mirror, lacking, timeoutMs, (local) => fromFiles(context, local, have));
}

function refuseLacking(
  { os, facts, architecture }: PrepareContext,
  names: readonly string[],
  files: readonly { path: string }[],
): void {
  const lacking = names.filter((name) => !files.some((file) => os.packageOfFile(fileName(file)) === name));
  if (lacking.length === 0) return;
  throw new UserError(
    `the bundle holds no ${lacking.join(", ")} for ${facts.os.pretty}`,
    `put the packages into packages/${packageTree(facts.os, architecture)} when making the bundle (--packages), or install them on the host`,
  );
}

/** Only what is missing; what is there stays at its version. */
export const installPackages: Step<PrepareContext> = {
  title: "install packages",
  when: (context) => missing(context).length > 0,
  async run(context) {
    const { host } = context;
    const names = missing(context);
    const [have, people] = [await installed(context), await accounts(context)];
    const origin = await originOf(context);
    if (origin.from !== "repositories") refuseLacking(context, names, origin.files);
    await record(host, [{ kind: "packages", before: [...have.keys()].join(" ") }]);
    await install(context, origin, names, have);
    await remember(context, have, people, names);
  },
};

async function remember(
  context: PrepareContext,
  have: Map<string, string>,
  people: Set<string>,
  names: readonly string[],
): Promise<void> {
  const [now, peopleNow] = [await installed(context), await accounts(context)];
  // An earlier try that was cut may have installed some of them already.
  const before = new Set(cutInstallation(context.survey.journal.entries) ?? have.keys());
  const added = [...now.keys()].filter((name) => !before.has(name));
  const made = [...peopleNow].filter((line) => !people.has(line));
  await record(context.host, [
    { kind: "installed", names: added },
    ...made.map((line) => ({
      kind: "account" as const,
      of: line.startsWith("user ") ? ("user" as const) : ("group" as const),
      name: line.split(" ")[1] ?? "",
    })),
  ]);
  const still = names.filter((name) => !now.has(name));
  if (still.length > 0)
    throw new UserError(`the package manager reported success, but ${still.join(", ")} is not installed`);
}
