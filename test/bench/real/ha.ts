// Three control planes: the same cluster made both ways; then led to a virtual address, whose holder dies and is taken out. Whoever
// uses the API meanwhile is measured, too.
import { rmSync } from "node:fs";
import type { PollReport } from "../../support/pollReport";
import { type Args, clusterOf, Program } from "../../support/program";
import type { TestLab } from "../../support/testLab";
import { bundle } from "../../tools/bundle";
import { versions } from "../../tools/versions";
import { type Measured, measured } from "../measure";
import { administrator, kubectl } from "./admin";
import { bothWays } from "./bothWays";
import { holderOf, watched } from "./clients";
import { conditionSeconds, until } from "./condition";
import { type RawRun, raw } from "./raw";

const [first, ...others] = ["cp1", "cp2", "cp3"] as const;
const controlPlanes = [first, ...others];
const workers = ["w1", "w2", "w3"];
const all = [...controlPlanes, ...workers];

export interface HaResult {
  raw: RawRun;
  provider: {
    create: Measured;
    /** What a client saw, of the first control plane while the cluster moves, of the virtual address afterwards. */
    moveSeen: PollReport;
    holderSeen: PollReport;
    removeDead: Measured;
    removeSeen: PollReport;
  };
}

export async function highlyAvailable(): Promise<HaResult> {
  return bothWays(all, withRaw, withProvider);
}

async function withRaw(lab: TestLab): Promise<RawRun> {
  const admin = administrator(lab, first, all);
  try {
    const lists = [first, others.join(" "), workers.join(" ")];
    const create = await raw("ha", admin, await bundle(versions.kubernetes.default), lists);
    return { ...create, seconds: create.seconds + (await conditionSeconds(lab, all)) };
  } finally {
    rmSync(admin.dir, { recursive: true, force: true });
  }
}

async function withProvider(lab: TestLab): Promise<HaResult["provider"]> {
  const program = await Program.create();
  const address = lab.host(first).address.replace(/\d+$/, "200");
  const up = (title: string) => measured(program.stack, ["up", "--yes", "--skip-preview"], `provider ${title}`);
  const describe = async (names: string[], more: Args = {}, secrets?: Record<string, string>) => {
    const bench = await clusterOf(lab, { controlPlanes: names, workers }, more);
    await program.describe({ clusters: { bench } }, secrets);
  };
  try {
    await describe(controlPlanes, {}, { sshKey: lab.privateKey() });
    const create = await until(lab, all, await up("create, 3 + 3"));
    const virtual = { endpoint: { virtualIp: { address } } };
    await describe(controlPlanes, virtual);
    const { seen: moveSeen } = await watched("move", lab.host(first).address, 6443, () => up("to a virtual address"));
    const dead = await holderOf(lab, controlPlanes, address);
    const staying = controlPlanes.filter((name) => name !== dead);
    const { seen: holderSeen } = await watched("holder dead", address, 8443, () => gone(lab, dead, staying[0] ?? ""));
    await describe(staying, virtual);
    program.stack.options.env = { KUBEADM_ON_UNREACHABLE: "remove" };
    const removal = await watched("removal", address, 8443, () => up("a dead control plane removed"));
    return { create, moveSeen, holderSeen, removeDead: removal.result, removeSeen: removal.seen };
  } finally {
    program.close();
  }
}

/** Until the cluster itself has noticed. */
async function gone(lab: TestLab, dead: string, other: string): Promise<void> {
  await lab.powerOff(dead);
  await lab.sh(other, `${kubectl} wait --for=condition=Ready=Unknown --timeout=120s node/${dead}`);
}
