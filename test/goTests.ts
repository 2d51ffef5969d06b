// The node agent's own tests by the go command, counted with all others.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** One line of `go test -json`. */
interface GoEvent {
  Action?: string;
  Package?: string;
  ImportPath?: string;
  Test?: string;
  Output?: string;
}

export interface GoResult {
  passed: number;
  failures: string[];
}

export async function goTests(dir: string): Promise<GoResult> {
  const result: GoResult = { passed: 0, failures: [] };
  const vet = spawn("go", ["vet", "./..."], { cwd: dir, stdio: "inherit" });
  if ((await ended(vet)) !== 0) result.failures.push("go vet");
  // With the race detector, on a busy machine, the devices' tests come near the go command's own ten minutes.
  const argv = ["test", "-race", "-timeout", "20m", "-json", "./..."];
  const child = spawn("go", argv, { cwd: dir, stdio: ["ignore", "pipe", "inherit"] });
  const code = ended(child);
  const said = new Map<string, string>();
  for await (const line of createInterface({ input: child.stdout })) take(line, said, result);
  if ((await code) !== 0 && result.failures.length === 0) result.failures.push(`go test exited with ${await code}`);
  return result;
}

function take(line: string, said: Map<string, string>, result: GoResult): void {
  if (!line.startsWith("{")) return void process.stdout.write(`${line}\n`);
  const {
    Action: action,
    Package: pkg = "",
    ImportPath: path,
    Test: test,
    Output: output,
  } = JSON.parse(line) as GoEvent;
  const name = test === undefined ? (path ?? pkg) : `${pkg}: ${test}`;
  if (action === "output" || action === "build-output") said.set(name, (said.get(name) ?? "") + (output ?? ""));
  if (action === "pass" && test !== undefined) result.passed += 1;
  // A package fails with its tests, which are counted already.
  const counted = test === undefined && result.failures.some((failure) => failure.startsWith(name));
  if ((action === "fail" || action === "build-fail") && !counted) result.failures.push(name);
  // What was left out prints its reason, what failed all it said, and each package its one line.
  const told = action === "skip" || action === "fail" || action === "build-fail" || test === undefined;
  if (told && action !== "output" && action !== "build-output") process.stdout.write(said.get(name) ?? "");
  if (action === "pass" || action === "skip") said.delete(name);
}

function ended(child: ReturnType<typeof spawn>): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
}
