// One run of the CLI with the time it took, what its provider process held at most, and when each resource was made.
import { readFileSync } from "node:fs";
import { loadavg } from "node:os";
import { providersOf } from "../support/processes";
import { ending, type Stack } from "../support/stack";
import { say } from "../tools/run";

export interface Leaf {
  name: string;
  from: number;
  to: number;
}

export interface Measured {
  seconds: number;
  /** VmHWM of the provider process; absent where none was started or it was over too soon. */
  providerMiB?: number;
  leaves: Leaf[];
  /** Of the machine, one minute's average, before and after. */
  load: [number, number];
}

export async function measured(stack: Stack, args: readonly string[], title: string): Promise<Measured> {
  const load = oneMinute();
  const start = performance.now();
  const now = (): number => round((performance.now() - start) / 1000);
  const child = stack.start([...args, "--color", "never"]);
  const memory = new Memory(child.pid ?? 0);
  const times = new Times(now);
  const { code, output } = await ending(child, (line) => times.take(line)).finally(() => memory.stop());
  const seconds = now();
  if (code !== 0) throw new Error(`${title}: pulumi ${args.join(" ")} ended with ${code}:\n${output.slice(-6000)}`);
  const providerMiB = memory.mostMiB;
  say(`${title}: ${seconds} s${providerMiB ? `, provider ${providerMiB} MiB` : ""}`);
  return { seconds, ...(providerMiB ? { providerMiB } : {}), leaves: times.leaves, load: [load, oneMinute()] };
}

/** The kernel keeps the highest value itself; of several processes the one that held most counts. */
class Memory {
  mostMiB: number | undefined;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly cli: number) {
    this.timer = setInterval(() => this.look(), 250);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    for (const provider of providersOf(this.cli)) {
      const kib = /^VmHWM:\s+(\d+)/m.exec(statusOf(provider))?.[1];
      if (kib !== undefined) this.mostMiB = Math.max(this.mostMiB ?? 0, Math.round(Number(kib) / 1024));
    }
  }
}

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return "";
    throw error;
  }
}

/** From the CLI's own lines: " +  pulumi-nodejs:dynamic:Resource sim-w1-host creating (0s)", later "created (12s)". */
class Times {
  readonly leaves: Leaf[] = [];
  private readonly begun = new Map<string, number>();

  constructor(private readonly now: () => number) {}

  take(line: string): void {
    const [, name, state] = /^\s*[+~]+\s+\S+\s+(\S+)\s+(creating|created|updating|updated)\b/.exec(line) ?? [];
    if (!name || !state) return;
    if (state.endsWith("ing")) {
      if (!this.begun.has(name)) this.begun.set(name, this.now());
      return;
    }
    this.leaves.push({ name, from: this.begun.get(name) ?? 0, to: this.now() });
  }
}

export const oneMinute = (): number => round(loadavg()[0] ?? 0);

export function round(value: number): number {
  return Math.round(value * 10) / 10;
}
