// What runs on this machine, by its arguments.
import { readdirSync, readFileSync } from "node:fs";

export function processesWith(text: string): string[] {
  const found: string[] = [];
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name) && name !== String(process.pid))) {
    const line = argumentsOf(pid);
    if (line.includes(text)) found.push(`${pid}: ${line}`);
  }
  return found;
}

function argumentsOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // It ended in between.
    if (code === "ENOENT" || code === "ESRCH") return "";
    throw error;
  }
}
