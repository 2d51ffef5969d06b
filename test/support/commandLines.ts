// What every process of this machine was started with, seen while something runs: hosts of a lab have theirs here too.
import { readdirSync, readFileSync } from "node:fs";

const everyMs = 100;

export class CommandLines {
  /** Command lines that held one of the words. */
  readonly found = new Set<string>();
  /** How many different processes were seen: a watch that saw none proves nothing. */
  readonly seen = new Set<string>();
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly words: readonly (string | RegExp)[]) {
    this.timer = setInterval(() => this.look(), everyMs);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    for (const pid of readdirSync("/proc")) {
      if (!/^\d+$/.test(pid)) continue;
      const line = commandLine(pid);
      this.seen.add(`${pid} ${line}`);
      if (this.words.some((word) => (typeof word === "string" ? line.includes(word) : word.test(line))))
        this.found.add(line);
    }
  }
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  } catch (error) {
    // It ended while we looked.
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return "";
    throw error;
  }
}
