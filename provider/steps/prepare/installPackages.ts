import type { LocalFile } from "../../host/host";
import { record } from "../../host/journal";
import type { PackageCommand } from "../../host/os/os";
import { cutInstallation } from "../../host/undo/plan";
import { deadline } from "../../kubeadm/spec";
import { UserError } from "../../lib/errors";
import { withMirrored } from "../../source/mirrorPackages";
import { stagingDirectory, uploadMany } from "../../source/place";
import type { Step } from "../step";
import type { PrepareContext } from "./context";
import { holdBack, switchOff } from "./distributionServices";
import { fileName, holdsAddress, type Origin, originOf, refuseLacking } from "./packageOrigin";

function missing(context: PrepareContext): string[] {
  const { os, facts } = context;
  const wanted = [...os.requiredPackages(facts.os), ...(holdsAddress(context) ? os.frontPackages : [])];
  return wanted.filter((name) => facts.packages[name] === undefined);
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

/** Everything of the bundle's trees that the host lacks: they hold the required ones with what they depend on. */
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

/** Only what is missing; what is there stays at its version. */
export const installPackages: Step<PrepareContext> = {
  title: "install packages",
  when: (context) => missing(context).length > 0,
  async run(context) {
    const { host, os } = context;
    const names = missing(context);
    const [have, people] = [await installed(context), await accounts(context)];
    const origin = await originOf(context);
    if (origin.from !== "repositories") refuseLacking(context, names, origin.files);
    await record(host, [{ kind: "packages", before: [...have.keys()].join(" ") }]);
    const services = os.frontPackages.filter((name) => names.includes(name));
    await holdBack(host, services);
    await install(context, origin, names, have);
    await remember(context, have, people, names);
    await switchOff(host, services);
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
