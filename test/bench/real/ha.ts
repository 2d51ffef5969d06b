// Three control planes: the same cluster made both ways, upgraded both ways; then led to a virtual address, whose holder dies and is
// taken out. Whoever uses the API meanwhile is measured, too.
import { rmSync } from "node:fs";
import type { PollReport } from "../../support/pollReport";
import { type Args, clusterOf, ofVersion, Program, type Spec } from "../../support/program";
import { TestLab } from "../../support/testLab";
import { bundle } from "../../tools/bundle";
import { versions } from "../../tools/versions";
import { type Measured, measured } from "../measure";
import { administrator, listsOf } from "./admin";
import { holderOf, watched } from "./clients";
import { conditionSeconds, until } from "./condition";
import { type RawRun, raw } from "./raw";

const [first, ...others] = ["cp1", "cp2", "cp3"] as const;
const controlPlanes = [first, ...others];
const workers = ["w1", "w2", "w3"];
const all = [...controlPlanes, ...workers];
/** An upgrade of five: the last worker leaves before it. */
const [leaving, upgraded] = ["w3", ["w1", "w2"]];
const next = versions.kubernetes.default;
const before = Object.keys(versions.kubernetes.versions)[0] ?? next;

/** Of clients: those of the first control plane's own API server in the upgrades, those of the virtual address afterwards. */
export interface HaResult {
  raw: { create: RawRun; upgrade: RawRun; upgradeSeen: PollReport };
  provider: {
    create: Measured;
    upgrade: Measured;
    upgradeSeen: PollReport;
    moveSeen: PollReport;
    holderSeen: PollReport;
    removeDead: Measured;
    removeSeen: PollReport;
  };
}

const kubectl = "kubectl --kubeconfig /etc/kubernetes/admin.conf";

export async function highlyAvailable(): Promise<HaResult> {
  const lab = await TestLab.open("bench");
  try {
    await lab.up(all);
    const byHand = await withRaw(lab);
    await lab.close();
    await lab.up(all);
    return { raw: byHand, provider: await withProvider(lab) };
  } finally {
    await lab.close();
  }
}

async function withRaw(lab: TestLab): Promise<HaResult["raw"]> {
  const admin = administrator(lab, first, all, before);
  const lists = (names: readonly string[]) => [first, others.join(" "), names.join(" ")];
  try {
    const create = await raw("ha", admin, await bundle(before), lists(workers));
    await conditionSeconds(lab, all);
    await lab.sh(first, `${kubectl} drain ${leaving} --ignore-daemonsets --delete-emptydir-data`);
    await lab.sh(leaving, "kubeadm reset --force >/dev/null 2>&1");
    await lab.sh(first, `${kubectl} delete node ${leaving}`);
    const { result: upgrade, seen: upgradeSeen } = await watched(
      "raw upgrade",
      lab.host(first).address,
      6443,
      async () => raw("upgrade", { ...admin, ...listsOf(admin.dir, next) }, await bundle(next), lists(upgraded)),
    );
    return { create, upgrade, upgradeSeen };
  } finally {
    rmSync(admin.dir, { recursive: true, force: true });
  }
}

async function withProvider(lab: TestLab): Promise<HaResult["provider"]> {
  const program = await Program.create();
  const address = lab.host(first).address.replace(/\d+$/, "200");
  const up = (title: string) => measured(program.stack, ["up", "--yes", "--skip-preview"], `provider ${title}`);
  const describe = async (names: string[], working: string[], more: Args, secrets?: Record<string, string>) => {
    const spec: Spec = { clusters: { bench: await clusterOf(lab, { controlPlanes: names, workers: working }, more) } };
    await program.describe(spec, secrets);
  };
  try {
    const [old, fresh] = [await ofVersion(before), await ofVersion(next)];
    await describe(controlPlanes, workers, old, { sshKey: lab.privateKey() });
    const create = await until(lab, all, await up("create, 3 + 3"));
    await describe(controlPlanes, upgraded, old);
    await up("a worker less");
    await describe(controlPlanes, upgraded, fresh);
    const { result: upgrade, seen: upgradeSeen } = await watched("upgrade", lab.host(first).address, 6443, async () =>
      until(lab, [...controlPlanes, ...upgraded], await up("upgrade, 3 + 2")),
    );
    const virtual = { ...fresh, endpoint: { virtualIp: { address } } };
    await describe(controlPlanes, upgraded, virtual);
    const { seen: moveSeen } = await watched("move", lab.host(first).address, 6443, () => up("to a virtual address"));
    const dead = await holderOf(lab, controlPlanes, address);
    const staying = controlPlanes.filter((name) => name !== dead);
    const { seen: holderSeen } = await watched("holder dead", address, 8443, () => gone(lab, dead, staying[0] ?? ""));
    await describe(staying, upgraded, virtual);
    program.stack.options.env = { KUBEADM_ON_UNREACHABLE: "remove" };
    const { result: removeDead, seen: removeSeen } = await watched("removal", address, 8443, () =>
      up("a dead control plane removed"),
    );
    return { create, upgrade, upgradeSeen, moveSeen, holderSeen, removeDead, removeSeen };
  } finally {
    program.close();
  }
}

/** Until the cluster itself has noticed. */
async function gone(lab: TestLab, dead: string, other: string): Promise<void> {
  await lab.powerOff(dead);
  await lab.sh(other, `${kubectl} wait --for=condition=Ready=Unknown --timeout=120s node/${dead}`);
}
