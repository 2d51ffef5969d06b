// `make demo`: the quickstart on three hosts of this machine, as a user would run it, and what came of it.
import { mkdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { findEngine } from "../lab/engine";
import { down, list, up } from "../lab/lab";
import { labOf } from "../lab/state";
import { Stack } from "../support/stack";
import { bundle as makeBundle } from "../tools/bundle";
import { run, say } from "../tools/run";
import { projectDir } from "../tools/versions";
import { nextCommands, show } from "./show";
import { Stopwatch } from "./stopwatch";

const lab = labOf("demo");
const controlPlanes = ["cp1"];
const workers = ["w1", "w2"];
const watch = new Stopwatch();

async function upDemo(): Promise<void> {
  const engine = await findEngine();
  await watch.time("hosts", () => up(engine, lab, [...controlPlanes, ...workers], { user: "root" }));
  const stack = await demoStack();
  const bundle = await watch.time("bundle", () => makeBundle());
  await watch.time("configuration", () => configure(stack, bundle));
  await watch.time("pulumi up", () => stack.must(["up", "--yes", "--skip-preview", "--color", "never"]));
  const kubeconfig = join(lab.dir, "kubeconfig");
  mkdirSync(lab.dir, { recursive: true });
  await run(["sh", "-c", 'umask 077; cat > "$1"', "sh", kubeconfig], {
    stdin: `${await stack.output("kubeconfig")}\n`,
  });
  await show(lab, kubeconfig, bundle);
  say(`\n${watch.table()}\n`);
  say(nextCommands(stack, kubeconfig));
}

async function configure(stack: Stack, bundle: string): Promise<void> {
  const hosts = new Map(list(lab).map((host) => [host.name, host]));
  const pick = (names: readonly string[]) =>
    Object.fromEntries(
      names.map((name) => [name, { host: hosts.get(name)?.address, hostKey: hosts.get(name)?.hostKey }]),
    );
  const key = await readFile([...hosts.values()][0]?.identityFile ?? "", "utf8");
  await stack.setConfig(
    { controlPlanes: pick(controlPlanes), workers: pick(workers), bundle, containerHosts: "true" },
    { sshPrivateKey: key },
  );
}

async function downDemo(): Promise<void> {
  const stack = await demoStack();
  if (list(lab).length > 0) await stack.must(["destroy", "--yes", "--skip-preview", "--color", "never"]);
  await stack.must(["stack", "rm", "--yes", "--force"]);
  await down(await findEngine(), lab, []);
}

function demoStack(): Promise<Stack> {
  const backend = join(projectDir, ".state", "demo");
  return Stack.open({ project: projectDir, backend, name: "demo", onLine: say });
}

const verbs: Record<string, () => Promise<void>> = { up: upDemo, down: downDemo };
const verb = verbs[process.argv[2] ?? "up"];
if (!verb) throw new Error(`usage: node ${process.argv[1]} up|down`);
verb().catch((error: unknown) => {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
