// A stack as a user has it: the real CLI, a file backend, a passphrase; every run's output is kept to be looked at.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pulumiEnv } from "../tools/env";

export interface StackOptions {
  /** Directory with Pulumi.yaml. */
  project: string;
  /** Where the backend keeps its files. */
  backend: string;
  name: string;
  /** Whether the program has to be compiled as it runs; default true. */
  typescript?: boolean;
  /** Added to what a user's shell would have. */
  env?: NodeJS.ProcessEnv | undefined;
  /** Called with each line as it is printed. */
  onLine?: ((line: string) => void) | undefined;
}

export interface Outcome {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** stdout and stderr as they came. */
  output: string;
}

export class Stack {
  /** Everything the CLI has printed so far, to look for secrets in. */
  transcript = "";

  private constructor(
    readonly options: StackOptions,
    private readonly programs: NodeJS.ProcessEnv,
  ) {}

  /** Selects the stack, making it when there is none. */
  static async open(options: StackOptions): Promise<Stack> {
    mkdirSync(options.backend, { recursive: true });
    const stack = new Stack(options, await pulumiEnv());
    await stack.must(["stack", "select", "--create", options.name]);
    return stack;
  }

  async setConfig(values: Record<string, unknown>, secrets: Record<string, string> = {}): Promise<void> {
    for (const [key, value] of Object.entries(values)) await this.setPlain(key, value);
    for (const [key, value] of Object.entries(secrets)) await this.must(["config", "set", "--secret", key], value);
  }

  private async setPlain(key: string, value: unknown): Promise<void> {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    await this.must(["config", "set", key], text);
  }

  up(...flags: string[]): Promise<Outcome> {
    return this.run(["up", "--yes", "--skip-preview", "--color", "never", "--suppress-progress", ...flags]);
  }

  preview(...flags: string[]): Promise<Outcome> {
    return this.run(["preview", "--color", "never", "--suppress-progress", ...flags]);
  }

  refresh(...flags: string[]): Promise<Outcome> {
    return this.run(["refresh", "--yes", "--skip-preview", "--color", "never", "--suppress-progress", ...flags]);
  }

  destroy(...flags: string[]): Promise<Outcome> {
    return this.run(["destroy", "--yes", "--skip-preview", "--color", "never", "--suppress-progress", ...flags]);
  }

  /** Nothing is to be done: the program asks for nothing more, and hosts and cluster are as the state says. */
  async assertSettled(): Promise<void> {
    for (const look of [await this.up("--expect-no-changes"), await this.refresh("--expect-no-changes")])
      assert.equal(look.code, 0, look.output);
  }

  async output(name: string): Promise<string> {
    const { output } = await this.quiet(["stack", "output", name, "--show-secrets"]);
    return output.trim();
  }

  /** The state as it lies on disk, secrets encrypted. */
  storedState(): string {
    const dir = join(this.options.backend, ".pulumi", "stacks");
    const files = readdirSync(dir, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".json"));
    return files.map((file) => readFileSync(join(dir, file), "utf8")).join("\n");
  }

  async must(args: readonly string[], stdin?: string): Promise<Outcome> {
    const outcome = await this.run(args, stdin);
    if (outcome.code !== 0)
      throw new Error(`pulumi ${args.join(" ")} ended with ${outcome.code ?? outcome.signal}:\n${outcome.output}`);
    return outcome;
  }

  async run(args: readonly string[], stdin?: string): Promise<Outcome> {
    const outcome = await this.quiet(args, stdin);
    this.transcript += outcome.output;
    return outcome;
  }

  private async quiet(args: readonly string[], stdin?: string): Promise<Outcome> {
    return await ending(this.start(args, stdin), this.options.onLine);
  }

  /** The running CLI, for a test that wants to end it. */
  start(args: readonly string[], stdin?: string): ChildProcess {
    // `stack select NAME` names the stack itself.
    const named = args[1] === "select" ? [] : ["--stack", this.options.name];
    const child = spawn("pulumi", [...args, "--non-interactive", ...named], {
      cwd: this.options.project,
      env: {
        ...process.env,
        ...this.programs,
        PULUMI_NODEJS_TYPESCRIPT: String(this.options.typescript ?? true),
        PULUMI_BACKEND_URL: `file://${this.options.backend}`,
        PULUMI_CONFIG_PASSPHRASE: "correct horse battery staple",
        ...this.options.env,
      },
      stdio: ["pipe", "pipe", "pipe"],
    });
    child.stdin.on("error", () => undefined);
    child.stdin.end(stdin ?? "");
    return child;
  }
}

export function ending(child: ChildProcess, onLine?: (line: string) => void): Promise<Outcome> {
  let output = "";
  let rest = "";
  const take = (chunk: string): void => {
    output += chunk;
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    if (onLine) for (const line of lines) onLine(line);
  };
  child.stdout?.setEncoding("utf8").on("data", take);
  child.stderr?.setEncoding("utf8").on("data", take);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, output }));
  });
}
