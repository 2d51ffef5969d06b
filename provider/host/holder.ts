// Who holds a lease, in words for people and in facts for another run on the same workstation.
import { readFileSync, readlinkSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { z } from "zod";
import { sha256 } from "../lib/sha256";
import { currentRun } from "../ssh/run";

const schema = z.object({
  run: z.string(),
  /** "user@workstation pid 123" */
  holder: z.string(),
  /** Same value: the same boot of the same workstation, seeing the same processes. */
  workstation: z.string(),
  pid: z.number(),
  /** When the process started; tells it from a later one with the same number. */
  started: z.string(),
  since: z.string(),
});
export type Holder = z.infer<typeof schema>;

export function ourselves(): Holder {
  const { pid } = process;
  return {
    run: currentRun().id,
    holder: `${user()}@${hostname()} pid ${pid}`,
    workstation: workstation(),
    pid,
    started: startOf(pid) ?? "",
    since: new Date().toISOString().replace(/\.\d+Z$/, "Z"),
  };
}

export function parseHolder(json: string): Holder {
  const unreadable = {
    run: "",
    holder: "an unreadable lease",
    workstation: "",
    pid: 0,
    started: "",
    since: "an unknown time",
  };
  try {
    return schema.parse(JSON.parse(json));
  } catch {
    // Somebody holds it all the same: it ends by itself when it is stale.
    return unreadable;
  }
}

/** Only proven here: a process of this workstation that is gone. */
export function holderIsDead(holder: Holder): boolean {
  if (holder.workstation === "" || holder.workstation !== workstation()) return false;
  if (process.platform === "linux") return startOf(holder.pid) !== holder.started;
  try {
    process.kill(holder.pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

function workstation(): string {
  const facts = [
    hostname(),
    read(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8")),
    read(() => readlinkSync("/proc/self/ns/pid")),
  ];
  return sha256(facts.join("\n")).slice(0, 16);
}

/** Clock ticks since boot, the 22nd field of the process' stat; the 2nd may hold spaces and brackets. */
function startOf(pid: number): string | undefined {
  const stat = read(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields?.[0] === "Z" ? undefined : fields?.[19];
}

/** undefined where this system has no such file. */
function read(from: () => string): string | undefined {
  try {
    return from().trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== undefined) return undefined;
    throw error;
  }
}

function user(): string {
  return read(() => userInfo().username) ?? `uid ${process.getuid?.() ?? "unknown"}`;
}
