// Runs the tests, group after group, and ends with the one line that counts: "N passed, N failed".
import { existsSync, readdirSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { goTests } from "./goTests";
import { projectDir } from "./tools/versions";

interface Group {
  name: string;
  dirs: readonly string[];
  /** Files side by side; what starts hosts takes the machine for itself. */
  concurrency: number;
  /** Of one test; a test that hangs is ended and counts as failed. */
  timeoutMs: number;
}

const minutes = 60_000;
const groups: readonly Group[] = [
  { name: "unit", dirs: ["unit", "golden"], concurrency: 2, timeoutMs: 2 * minutes },
  { name: "contract", dirs: ["contract"], concurrency: 1, timeoutMs: 3 * minutes },
  { name: "ssh", dirs: ["ssh"], concurrency: 1, timeoutMs: 5 * minutes },
  { name: "lab", dirs: ["lab"], concurrency: 1, timeoutMs: 10 * minutes },
  // Two clusters at a time: much of an upgrade, or of a machine's loss, is waiting.
  { name: "e2e", dirs: ["e2e"], concurrency: 2, timeoutMs: 45 * minutes },
];

/** They begin first, so that none of them is left alone at the end. */
const longest = [
  "upgrade",
  "highAvailability",
  "gone",
  "recover",
  "controlPlanes",
  "lifecycle",
  "virtualDevice",
  "virtualCri",
  "virtualKubelet",
  "kills",
];

/** Another command's tests, counted with the rest. */
const go = "go";

let passed = 0;
let failed = 0;
const failures: string[] = [];

async function runGroup({ name, dirs, concurrency, timeoutMs }: Group, only: string | undefined): Promise<void> {
  const files = dirs
    .flatMap((dir) => testFiles(join(__dirname, dir)))
    .filter((file) => !only || file.includes(only))
    .sort((a, b) => place(a) - place(b));
  if (files.length === 0) return;
  process.stdout.write(`\n== ${name}: ${files.length} files\n`);
  const events = run({ files, concurrency, timeout: timeoutMs });
  events.on("test:pass", (event) => {
    if (event.details.type !== "suite" && event.skip === undefined) passed += 1;
  });
  events.on("test:fail", (event) => {
    if (event.details.type === "suite") return;
    failed += 1;
    failures.push(`${relative(__dirname, event.file ?? "")}: ${event.name}`);
  });
  const printed: NodeJS.ReadableStream = events.compose(spec as never);
  printed.pipe(process.stdout, { end: false });
  await new Promise((resolve, reject) => printed.on("end", resolve).on("error", reject));
}

/** Of the node agent, whatever part of a name was asked for. */
async function runGo(): Promise<void> {
  process.stdout.write(`\n== ${go}: virtual-kubelet\n`);
  const result = await goTests(join(projectDir, "virtual-kubelet"));
  passed += result.passed;
  failed += result.failures.length;
  failures.push(...result.failures);
}

function place(file: string): number {
  const found = longest.indexOf(basename(file, ".test.js"));
  return found < 0 ? longest.length : found;
}

function testFiles(dir: string): string[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".test.js"))
    .sort()
    .map((file) => join(dir, file));
}

async function main(): Promise<void> {
  const [wanted, only] = process.argv.slice(2);
  const chosen = groups.filter((group) => !wanted || group.name === wanted);
  if (chosen.length === 0 && wanted !== go)
    throw new Error(`no group "${wanted}": ${[go, ...groups.map((group) => group.name)].join(", ")}`);
  if (!wanted || wanted === go) await runGo();
  for (const group of chosen) await runGroup(group, only);
  for (const failure of failures) process.stdout.write(`failed: ${failure}\n`);
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
});
