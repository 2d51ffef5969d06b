// Processes of a run by descent: ended by id, never by name.
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

interface Seen {
  pid: number;
  parent: number;
  command: string;
}

function processes(): Seen[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => {
      try {
        const stat = readFileSync(`/proc/${entry}/stat`, "utf8");
        const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
        return [{ pid: Number(entry), parent, command: readFileSync(`/proc/${entry}/cmdline`, "utf8") }];
      } catch (error) {
        // It ended while we looked.
        if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return [];
        throw error;
      }
    });
}

/** The dynamic-provider processes that a CLI started. */
export function providersOf(cli: number): number[] {
  const all = processes();
  const family = new Set([cli]);
  for (let before = 0; before !== family.size; ) {
    before = family.size;
    for (const { pid, parent } of all) if (family.has(parent)) family.add(pid);
  }
  return all
    .filter(({ pid, command }) => family.has(pid) && command.startsWith("node") && command.includes("dynamic-provider"))
    .map(({ pid }) => pid);
}

/** Waits until all of them are gone. */
export async function endAll(pids: readonly number[], withinMs: number): Promise<void> {
  const deadline = Date.now() + withinMs;
  const alive = () => pids.filter((pid) => processes().some((seen) => seen.pid === pid && seen.command !== ""));
  while (alive().length > 0) {
    if (Date.now() > deadline) throw new Error(`still running after ${withinMs} ms: ${alive().join(", ")}`);
    await sleep(100);
  }
}
