// A command that goes on while the test does: what it has printed so far, and its end.
import { type ChildProcess, spawn } from "node:child_process";
import { eventually } from "./patience";

export class Background {
  stdout = "";
  stderr = "";
  /** Its exit code, or null when a signal ended it. */
  readonly ended: Promise<number | null>;

  private constructor(private readonly child: ChildProcess) {
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    this.ended = new Promise((resolve, reject) => child.on("error", reject).on("close", (code) => resolve(code)));
  }

  /** `input` is typed at the start; its standard input stays open then. */
  static start([program = "", ...args]: readonly string[], input?: string): Background {
    const child = spawn(program, args, { stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"] });
    if (input !== undefined) child.stdin?.write(input);
    return new Background(child);
  }

  /** Once its standard output, or its standard error, holds this. */
  async said(pattern: RegExp): Promise<RegExpExecArray> {
    return eventually(`${pattern} in what the command prints`, async () => {
      return pattern.exec(this.stdout) ?? pattern.exec(this.stderr) ?? undefined;
    });
  }

  async stop(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.ended;
  }
}
