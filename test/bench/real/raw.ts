// The raw script, run and timed.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { ending } from "../../support/stack";
import { say } from "../../tools/run";
import { projectDir } from "../../tools/versions";
import { oneMinute, round } from "../measure";
import type { Administrator } from "./admin";

export interface Phase {
  host: string;
  name: string;
  seconds: number;
}

export interface RawRun {
  seconds: number;
  phases: Phase[];
  load: [number, number];
}

export async function raw(
  verb: "create" | "add" | "ha" | "upgrade",
  admin: Administrator,
  bundle: string,
  hosts: readonly string[],
): Promise<RawRun> {
  const load = oneMinute();
  const start = performance.now();
  const { dir, lists, version } = admin;
  const env = { ...process.env, ADMIN: dir, LISTS: lists, BUNDLE: bundle, VERSION: version };
  const script = join(projectDir, "test", "bench", "real", "raw.sh");
  const child = spawn("bash", [script, verb, ...hosts], { env, stdio: ["ignore", "pipe", "pipe"] });
  const { code, output } = await ending(child);
  const seconds = round((performance.now() - start) / 1000);
  if (code !== 0) throw new Error(`raw ${verb} ended with ${code}:\n${output.slice(-4000)}`);
  say(`raw ${verb}: ${seconds} s`);
  return { seconds, phases: phasesIn(output), load: [load, oneMinute()] };
}

function phasesIn(output: string): Phase[] {
  return [...output.matchAll(/^phase (\S+) (\S+) (\d+)$/gm)].map(([, host = "", name = "", ms]) => ({
    host,
    name,
    seconds: round(Number(ms) / 1000),
  }));
}
