import { type SpawnOptions, spawn } from "node:child_process";

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly stdin?: string | Buffer;
  /** Exit codes that are an answer and not a failure; 0 alone by default. */
  readonly accept?: readonly number[];
}

export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export class CommandError extends Error {
  constructor(
    readonly argv: readonly string[],
    readonly code: number | null,
    readonly stderr: string,
  ) {
    const ending = code === null ? "was ended by a signal" : `exited with ${code}`;
    super(`${argv.slice(0, 6).join(" ")} ${ending}: ${stderr.trim().slice(-2000) || "(nothing on stderr)"}`);
  }
}

/** Runs a command to its end and gives back what it printed. */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const [program = "", ...args] = argv;
  const child = spawn(program, args, { ...spawnOptions(options), stdio: ["pipe", "pipe", "pipe"] });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
  // A command that exits without reading its input closes the pipe early; its exit code tells what happened.
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.stdin ?? "");
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      const stdout = Buffer.concat(out).toString("utf8");
      const stderr = Buffer.concat(err).toString("utf8");
      if (code !== null && (options.accept ?? [0]).includes(code)) resolve({ code, stdout, stderr });
      else reject(new CommandError(argv, code, stderr));
    });
  });
}

/** Runs a command on the caller's own terminal and gives back its exit code. */
export function runThrough(argv: readonly string[]): Promise<number> {
  const [program = "", ...args] = argv;
  const child = spawn(program, args, { stdio: "inherit" });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 255));
  });
}

/** Whether a program of this name is on PATH. */
export async function onPath(program: string): Promise<boolean> {
  const { code } = await run(["sh", "-c", 'command -v "$1"', "sh", program], { accept: [0, 1, 127] });
  return code === 0;
}

export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function spawnOptions(options: RunOptions): SpawnOptions {
  return {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: options.env ?? process.env,
  };
}
