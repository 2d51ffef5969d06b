// `make bench`: how long it takes and what it holds, against raw kubeadm and with many simulated hosts.
//   BENCH_PARTS=real,ha,upgrade,simulated,virtual  BENCH_RUNS=1 (of the real part)  BENCH_WORKERS=10,50,200  BENCH_JSON=dist/bench.json
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { say } from "../tools/run";
import { projectDir } from "../tools/versions";
import { oneMinute } from "./measure";
import { highlyAvailable } from "./real/ha";
import { type RealResult, real } from "./real/run";
import { upgraded } from "./real/upgrade";
import { machineOf, phases, type Report, rowsOf, table } from "./report";
import { type SimulatedResult, simulate } from "./simulated/run";
import { virtual } from "./virtual/run";

const asked = (name: string, otherwise: string): string => process.env[name] || otherwise;

async function bench(): Promise<void> {
  const parts = asked("BENCH_PARTS", "real,ha,upgrade,simulated,virtual").split(",");
  const path = asked("BENCH_JSON", join(projectDir, "dist", "bench.json"));
  const reals: RealResult[] = [];
  const simulated: SimulatedResult[] = [];
  if (oneMinute() > 1) say(`the machine is busy (load ${oneMinute()}): figures will be higher than they should`);
  if (parts.includes("real"))
    for (let run = Number(asked("BENCH_RUNS", "1")); run > 0; run -= 1) reals.push(await real());
  const ha = parts.includes("ha") ? [await highlyAvailable()] : [];
  const upgrade = parts.includes("upgrade") ? [await upgraded()] : [];
  const workers = asked("BENCH_WORKERS", "10,50,200").split(",").map(Number);
  if (parts.includes("simulated")) for (const count of workers) simulated.push(await simulate(count));
  const virtuals = parts.includes("virtual") ? [await virtual()] : [];
  const found = { real: reals, ha, upgrade, simulated, virtual: virtuals };
  const report: Report = { machine: machineOf(availableParallelism()), ...found, rows: rowsOf(found) };
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(report, null, 2)}\n`);
  for (const result of reals) say(`\n${phases(result)}`);
  process.stdout.write(`\n${table(report.rows)}\n\nall figures: ${path}\n`);
}

bench().catch((error: unknown) => {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
