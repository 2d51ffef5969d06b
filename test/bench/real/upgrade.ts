// Three control planes and two workers, upgraded both ways. What a client of one control plane's own API server sees is measured, too:
// kubeadm restarts each of them, whoever calls it.
import { rmSync } from "node:fs";
import type { PollReport } from "../../support/pollReport";
import { type Args, clusterOf, ofVersion, Program } from "../../support/program";
import type { TestLab } from "../../support/testLab";
import { bundle } from "../../tools/bundle";
import { versions } from "../../tools/versions";
import { type Measured, measured } from "../measure";
import { administrator, listsOf } from "./admin";
import { bothWays } from "./bothWays";
import { type Watched, watched } from "./clients";
import { conditionSeconds, until } from "./condition";
import { type RawRun, raw } from "./raw";

const [first, ...others] = ["cp1", "cp2", "cp3"] as const;
const controlPlanes = [first, ...others];
const workers = ["w1", "w2"];
const all = [...controlPlanes, ...workers];
const next = versions.kubernetes.default;
const before = Object.keys(versions.kubernetes.versions)[0] ?? next;

export interface UpgradeResult {
  raw: RawRun;
  rawSeen: PollReport;
  provider: Measured;
  providerSeen: PollReport;
}

export async function upgraded(): Promise<UpgradeResult> {
  const { raw: byHand, provider: ours } = await bothWays(all, withRaw, withProvider);
  return { raw: byHand.result, rawSeen: byHand.seen, provider: ours.result, providerSeen: ours.seen };
}

async function withRaw(lab: TestLab): Promise<Watched<RawRun>> {
  const admin = administrator(lab, first, all, before);
  const lists = [first, others.join(" "), workers.join(" ")];
  try {
    await raw("ha", admin, await bundle(before), lists);
    await conditionSeconds(lab, all);
    const files = await bundle(next);
    return await watched("raw upgrade", lab.host(first).address, 6443, () =>
      raw("upgrade", { ...admin, ...listsOf(admin.dir, next) }, files, lists),
    );
  } finally {
    rmSync(admin.dir, { recursive: true, force: true });
  }
}

async function withProvider(lab: TestLab): Promise<Watched<Measured>> {
  const program = await Program.create();
  const up = (title: string) => measured(program.stack, ["up", "--yes", "--skip-preview"], `provider ${title}`);
  const describe = async (version: Args, secrets?: Record<string, string>) => {
    const bench = await clusterOf(lab, { controlPlanes, workers }, version);
    await program.describe({ clusters: { bench } }, secrets);
  };
  try {
    await describe(await ofVersion(before), { sshKey: lab.privateKey() });
    await until(lab, all, await up("create, 3 + 2"));
    await describe(await ofVersion(next));
    return await watched("upgrade", lab.host(first).address, 6443, async () => until(lab, all, await up("upgrade")));
  } finally {
    program.close();
  }
}
