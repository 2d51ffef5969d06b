import { bundle } from "./bundle";
import { debianHost } from "./debian";
import { binDir, pulumiEnv } from "./env";
import { packNodeAgent } from "./nodeAgent";
import { librarySuite, poll, programs } from "./programs";
import { say } from "./run";
import { installSystemPackages } from "./system";
import { versions } from "./versions";

const usage = `usage: node dist/test/tools/main.js COMMAND
  setup    system packages, then every program, the bundle and the lab's host image;
           --before, --all: also of the version before the default, or of every version pinned, with what only
           \`make test-all\` needs
  env      shell exports for the project's own pulumi and kubectl
  bundle   print the bundle's directory, made when it is not there
  agent    print the package's directory of node agents, built when they are not those of the sources
  bin      print the directory of the programs, made when it is not there`;

async function main(): Promise<void> {
  switch (process.argv[2]) {
    case "setup":
      return await setup(versionsFor(process.argv[3]), process.argv[3] === "--all");
    case "env":
      return print(Object.entries(await pulumiEnv()).map(([name, value]) => `export ${name}=${quote(value)}`));
    case "bundle":
      return print([await bundle()]);
    case "agent":
      return print([await packNodeAgent()]);
    case "bin":
      return print([await binDir()]);
    default:
      throw new Error(usage);
  }
}

/** Besides the default: what upgrades in the tests start from and lead to. */
function versionsFor(flag: string | undefined): string[] {
  const all = Object.keys(versions.kubernetes.versions);
  switch (flag) {
    case undefined:
      return [];
    case "--before":
      return all.slice(0, all.indexOf(versions.kubernetes.default));
    case "--all":
      return all;
    default:
      throw new Error(usage);
  }
}

/** `everything`: also what only `make test-all` needs. */
async function setup(others: readonly string[], everything: boolean): Promise<void> {
  const start = Date.now();
  await installSystemPackages();
  // Debian's packages come over the network while Go keeps the processors busy.
  const host = debianHost();
  const built = binDir()
    .then(() => bundle())
    .then(() => packNodeAgent())
    .then(() => poll());
  await Promise.all([host, built]);
  for (const version of others) await bundle(version);
  if (everything) await programs("metrics-server").then(librarySuite);
  say(`[setup] everything is in place (${Math.round((Date.now() - start) / 1000)} s)`);
  say(`[setup] programs ${await binDir()}`);
  say(`[setup] bundle   ${await bundle()}`);
}

function print(lines: readonly string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

main().catch((error: unknown) => {
  say(`tools: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
