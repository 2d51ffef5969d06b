// Three control planes: the same cluster made both ways, upgraded both ways, and a dead control plane taken out.
import { rmSync } from "node:fs";
import { clusterOf, ofVersion, Program, type Spec } from "../../support/program";
import { TestLab } from "../../support/testLab";
import { bundle } from "../../tools/bundle";
import { versions } from "../../tools/versions";
import { javascript, type Measured, measured } from "../measure";
import { administrator, listsOf } from "./admin";
import { conditionSeconds, until } from "./condition";
import { type RawRun, raw } from "./raw";

const [first, ...others] = ["cp1", "cp2", "cp3"] as const;
const workers = ["w1", "w2", "w3"];
const all = [first, ...others, ...workers];
/** An upgrade of five: the last worker leaves before it. */
const [leaving, upgraded] = ["w3", ["w1", "w2"]];
const next = versions.kubernetes.default;
const before = Object.keys(versions.kubernetes.versions)[0] ?? next;

export interface HaResult {
  raw: { create: RawRun; upgrade: RawRun };
  provider: { create: Measured; upgrade: Measured; removeDead: Measured };
}

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
    const kubectl = "kubectl --kubeconfig /etc/kubernetes/admin.conf";
    await lab.sh(first, `${kubectl} drain ${leaving} --ignore-daemonsets --delete-emptydir-data`);
    await lab.sh(leaving, "kubeadm reset --force >/dev/null 2>&1");
    await lab.sh(first, `${kubectl} delete node ${leaving}`);
    const upgrade = await raw(
      "upgrade",
      { ...admin, ...listsOf(admin.dir, next) },
      await bundle(next),
      lists(upgraded),
    );
    return { create, upgrade };
  } finally {
    rmSync(admin.dir, { recursive: true, force: true });
  }
}

async function withProvider(lab: TestLab): Promise<HaResult["provider"]> {
  const program = await Program.create(javascript);
  const cluster = (controlPlanes: string[], names: string[], more: Record<string, unknown>) =>
    clusterOf(lab, { controlPlanes, workers: names }, more);
  const up = (title: string) => measured(program.stack, ["up", "--yes", "--skip-preview"], `provider ${title}`);
  const describe = async (args: Record<string, unknown>, secrets?: Record<string, string>) => {
    const spec: Spec = { clusters: { bench: args } };
    await program.describe(spec, secrets);
  };
  try {
    const [old, fresh] = [await ofVersion(before), await ofVersion(next)];
    await describe(await cluster([first, ...others], workers, old), { sshKey: lab.privateKey() });
    const create = await until(lab, all, await up("create, 3 + 3"));
    await describe(await cluster([first, ...others], upgraded, old));
    await up("a worker less");
    await describe(await cluster([first, ...others], upgraded, fresh));
    const upgrade = await until(lab, [first, ...others, ...upgraded], await up("upgrade, 3 + 2"));
    const dead = others.at(-1) ?? "";
    await lab.powerOff(dead);
    await lab.sh(
      first,
      `kubectl --kubeconfig /etc/kubernetes/admin.conf wait --for=condition=Ready=Unknown --timeout=120s node/${dead}`,
    );
    await describe(await cluster([first, ...others.slice(0, -1)], upgraded, fresh));
    program.stack.options.env = { ...javascript, KUBEADM_ON_UNREACHABLE: "remove" };
    return { create, upgrade, removeDead: await up("a dead control plane removed") };
  } finally {
    program.close();
  }
}
