// The same cluster made both ways on fresh hosts of one lab, from bare host to every node Ready and CoreDNS Available.
import { rmSync } from "node:fs";
import { clusterOf, Program, type Spec } from "../../support/program";
import type { TestLab } from "../../support/testLab";
import { bundle } from "../../tools/bundle";
import { type Measured, measured } from "../measure";
import { administrator } from "./admin";
import { bothWays } from "./bothWays";
import { conditionSeconds, until } from "./condition";
import { type RawRun, raw } from "./raw";

const first = ["cp1", "w1", "w2"];
const added = "w3";

export interface RealResult {
  raw: { create: RawRun; add: RawRun };
  provider: { create: Measured; add: Measured; unchanged: Measured; preview: Measured };
}

export async function real(): Promise<RealResult> {
  return bothWays([...first, added], withRaw, withProvider);
}

async function withRaw(lab: TestLab): Promise<RealResult["raw"]> {
  const source = await bundle();
  const admin = administrator(lab, "cp1", [...first, added]);
  try {
    const create = await raw("create", admin, source, first);
    await conditionSeconds(lab, first);
    const add = await raw("add", admin, source, ["cp1", added]);
    await conditionSeconds(lab, [...first, added]);
    return { create, add };
  } finally {
    rmSync(admin.dir, { recursive: true, force: true });
  }
}

async function withProvider(lab: TestLab): Promise<RealResult["provider"]> {
  const program = await Program.create();
  const secrets = { sshKey: lab.privateKey() };
  const args = await clusterOf(lab, { controlPlanes: ["cp1"], workers: ["w1", "w2"] });
  const spec: Spec = { clusters: { bench: args } };
  const run = (title: string, ...command: string[]) => measured(program.stack, command, `provider ${title}`);
  try {
    await program.describe(spec, secrets);
    const create = await until(lab, first, await run("create", "up", "--yes", "--skip-preview"));
    await program.describe({ clusters: { bench: { ...args, workers: workersWith(args, lab) } } });
    const add = await until(lab, [...first, added], await run("add", "up", "--yes", "--skip-preview"));
    const unchanged = await run("unchanged", "up", "--yes", "--skip-preview");
    const preview = await run("preview", "preview");
    return { create, add, unchanged, preview };
  } finally {
    program.close();
  }
}

function workersWith(args: Record<string, unknown>, lab: TestLab): Record<string, unknown> {
  return { ...(args["workers"] as Record<string, unknown>), [added]: { connection: lab.connection(added) } };
}
