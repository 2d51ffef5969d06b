// The Host that handlers and steps see, on top of a session.
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { CommandError, UnreachableError, UserError } from "../lib/errors";
import type { Progress } from "../lib/progress";
import { absent, incomplete, lookScript, octal, readScript, uploadScript, writeScript } from "../ssh/files";
import { addLost, forgetLost, lostSteps } from "../ssh/lost";
import { currentRun, nextStep } from "../ssh/run";
import type { Session } from "../ssh/session";
import type { Host, LocalFile, RunOptions, RunResult } from "./host";
import { refuseStuck, settleScript, tellLeftovers } from "./leftovers";
import { endedByTimeout, howItEnded, judge, type RawResult } from "./outcome";
import { firstLine, shown } from "./title";

export interface SshHostOptions {
  name: string;
  session: Session;
  /** Names the machine within this process. */
  machine: string;
  progress: Progress;
  /** Throws when the host is not ours any more. Absent: not exclusive. */
  guard?: (() => void) | undefined;
  commandMs: number;
  transferMs: number;
  /** How long something that must finish may take to end. */
  patienceMs: number;
}

export class SshHost implements Host {
  readonly name: string;
  readonly label: string;

  constructor(private readonly options: SshHostOptions) {
    this.name = options.name;
    this.label = options.session.label;
  }

  async run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    return text(await this.raw(argv, options, shown(argv)));
  }

  async sh(script: string, args: readonly string[] = [], options: RunOptions = {}): Promise<RunResult> {
    return text(await this.script(script, args, options));
  }

  /** A read changes nothing, so a broken connection gets it a second try. */
  async readFile(path: string): Promise<Buffer | undefined> {
    const read = () => this.script(readScript, [path], { ok: [0, absent], secretOutput: true }, `read ${path}`);
    const result = await read().catch((error: unknown) => {
      if (error instanceof UnreachableError) return read();
      throw error;
    });
    return result.code === absent ? undefined : result.stdout;
  }

  async writeFile(path: string, content: string | Buffer, mode = 0o644): Promise<boolean> {
    const stdin = Buffer.from(content);
    const args = [path, octal(mode), String(stdin.length)];
    const result = await this.script(writeScript, args, { stdin, ok: [0, incomplete] }, `write ${path}`);
    if (result.code === incomplete) throw this.damaged(path);
    return result.stdout.toString().trim() === "written";
  }

  async upload(file: LocalFile, path: string, mode = 0o644, onProgress?: (bytes: number) => void): Promise<boolean> {
    const timeoutMs = this.options.transferMs;
    const args = [path, octal(mode), file.sha256];
    const look = await this.script(lookScript, args, { timeoutMs }, `look at ${path}`);
    if (look.stdout.toString().trim() === "same") return false;
    // Counted on its way: a listener on the file would start it before there is a channel to take it.
    const stdin = Readable.from(counted(file.path, onProgress), { objectMode: false });
    const options = { stdin, timeoutMs, ok: [0, incomplete] };
    const result = await this.script(uploadScript, args, options, `upload ${path}`);
    if (result.code === incomplete) throw this.damaged(path, file);
    return true;
  }

  private script(script: string, args: readonly string[], options: RunOptions, title?: string): Promise<RawResult> {
    const argv = ["sh", "-c", `set -eu\n${script}`, "sh", ...args];
    return this.raw(argv, options, title ?? shown(["sh", firstLine(script), ...args]));
  }

  private async raw(argv: readonly string[], options: RunOptions, title: string): Promise<RawResult> {
    await this.settleLost();
    this.options.guard?.();
    const { timeoutMs = this.options.commandMs, env, mustFinish, stdin, onLine, into } = options;
    const step = nextStep();
    const shared = this.options.guard === undefined;
    const began = Date.now();
    const outcome = await this.options.session
      .exec({ argv, step, timeoutMs, env, mustFinish, shared }, { stdin, onLine, into })
      .catch((error: unknown) => {
        if (error instanceof UnreachableError) addLost(this.options.machine, step);
        throw error;
      });
    const timedOut = outcome.givenUp === "deadline" || (Date.now() - began >= timeoutMs && endedByTimeout(outcome));
    if (timedOut || outcome.givenUp) {
      addLost(this.options.machine, step);
      await this.settleLost();
    }
    return judge(this.label, outcome, timedOut, options, title);
  }

  /** What we started and lost sight of is ended before anything else. */
  private async settleLost(): Promise<void> {
    const { machine, progress, session, patienceMs } = this.options;
    const steps = lostSteps(machine);
    if (steps.length === 0) return;
    const patience = Math.ceil(patienceMs / 1000);
    const { id, scope } = currentRun();
    const argv = ["sh", "-c", `set -eu\n${settleScript}`, "sh", id, scope, steps.join(" "), String(patience)];
    const outcome = await session.exec(
      { argv, step: nextStep(), timeoutMs: patienceMs + 60_000, shared: true },
      { onLine: tellLeftovers(this.label, progress) },
    );
    if (outcome.code !== 0)
      throw new CommandError(
        this.label,
        "end a lost command",
        howItEnded(outcome, outcome.givenUp === "deadline"),
        outcome.stderr.text(),
      );
    refuseStuck(this.label, outcome.stdout.text());
    forgetLost(machine, steps);
  }

  private damaged(path: string, file?: LocalFile): UserError {
    const from = file ? ` (from ${file.path})` : "";
    const remedy = "run again; if it happens again, the local file changed after its digest was taken";
    return new UserError(`${this.label}: ${path} did not arrive as it was sent${from}`, remedy);
  }
}

async function* counted(path: string, onProgress: ((bytes: number) => void) | undefined): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    onProgress?.(bytes);
    yield chunk;
  }
}

function text({ code, stdout, stderr }: RawResult): RunResult {
  return { code, stdout: stdout.toString("utf8"), stderr };
}
