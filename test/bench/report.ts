// Figures beside what they are to be; nothing fails by them.
import { totalmem } from "node:os";
import type { PollReport } from "../support/pollReport";
import type { Measured } from "./measure";
import { round } from "./measure";
import type { HaResult } from "./real/ha";
import type { RealResult } from "./real/run";
import type { UpgradeResult } from "./real/upgrade";
import type { SimulatedResult } from "./simulated/run";
import type { VirtualResult } from "./virtual/run";

export interface Row {
  what: string;
  figure: string;
  target: string;
  reached: boolean | undefined;
}

export interface Results {
  real: RealResult[];
  ha: HaResult[];
  upgrade: UpgradeResult[];
  simulated: SimulatedResult[];
  virtual: VirtualResult[];
}

export interface Report extends Results {
  machine: { processors: number; memoryMiB: number; node: string };
  rows: Row[];
}

export function machineOf(processors: number): Report["machine"] {
  return { processors, memoryMiB: Math.round(totalmem() / 1024 / 1024), node: process.version };
}

export function rowsOf({ real, ha, upgrade, simulated, virtual }: Results): Row[] {
  return [
    ...real.flatMap(realRows),
    ...ha.flatMap(haRows),
    ...upgrade.flatMap(upgradeRows),
    ...simulated.flatMap(simulatedRows),
    ...growth(simulated),
    ...virtual.flatMap(virtualRows),
  ];
}

function row(what: string, value: number, unit: string, limit?: number, formula = ""): Row {
  const target = limit === undefined ? "" : `≤ ${round(limit)} ${unit}${formula && ` (${formula})`}`;
  return { what, figure: `${value} ${unit}`, target, reached: limit === undefined ? undefined : value <= limit };
}

function realRows({ raw, provider }: RealResult): Row[] {
  const { create, add, unchanged, preview } = provider;
  return [
    row("3 nodes, raw kubeadm", raw.create.seconds, "s"),
    row("3 nodes, pulumi up", create.seconds, "s", raw.create.seconds * 1.3 + 10, "1.3 × raw + 10 s"),
    row("a worker more, raw kubeadm", raw.add.seconds, "s"),
    row("a worker more, pulumi up", add.seconds, "s", raw.add.seconds + 8, "raw + 8 s"),
    row("no change, pulumi up --skip-preview", unchanged.seconds, "s", 6),
    row("no change, pulumi preview", preview.seconds, "s"),
    row("provider's memory, 3 nodes made", most([create, add]), "MiB"),
  ];
}

const gap = (what: string, { longestGapMs }: PollReport, limit?: number): Row =>
  row(`longest API gap, ${what}`, round(longestGapMs / 1000), "s", limit);

function haRows({ raw, provider }: HaResult): Row[] {
  const { create, removeDead } = provider;
  return [
    row("3 + 3 nodes, raw kubeadm", raw.seconds, "s"),
    row("3 + 3 nodes, pulumi up", create.seconds, "s", raw.seconds * 1.3 + 10, "1.3 × raw + 10 s"),
    row("a dead control plane removed", removeDead.seconds, "s"),
    gap("moved to a virtual address", provider.moveSeen, 0),
    gap("its holder dies", provider.holderSeen, 5),
    gap("the dead holder removed", provider.removeSeen, 0),
  ];
}

/** In the raw script, too, one node at a time is upgraded: its time is the critical path, drains included. */
function upgradeRows({ raw, rawSeen, provider, providerSeen }: UpgradeResult): Row[] {
  return [
    row("upgrade of 3 + 2 nodes, raw steps", raw.seconds, "s"),
    row("upgrade of 3 + 2 nodes, pulumi up", provider.seconds, "s", raw.seconds * 1.3, "1.3 × critical path"),
    gap("raw upgrade, a control plane's own API server", rawSeen),
    gap("upgrade by pulumi up, likewise", providerSeen),
  ];
}

function simulatedRows({ workers, create, unchanged }: SimulatedResult): Row[] {
  const limit = workers >= 200 ? 600 : undefined;
  return [
    row(`${workers} simulated workers, pulumi up`, create.seconds, "s"),
    row(`${workers} simulated workers, provider's memory`, create.providerMiB ?? 0, "MiB", limit),
    row(`${workers} simulated workers, no change`, unchanged.seconds, "s"),
  ];
}

function growth(simulated: readonly SimulatedResult[]): Row[] {
  const seconds = (workers: number) => simulated.find((one) => one.workers === workers)?.create.seconds;
  const [few, many] = [seconds(50), seconds(200)];
  return few === undefined || many === undefined
    ? []
    : [row("200 simulated workers against 50", round(many / few), "×", 5)];
}

/** The kubelet beside them is the measure: what a device takes is its own. */
function virtualRows({ seconds, idleMiB, busyMiB }: VirtualResult): Row[] {
  const against = (place: "ssh" | "simulated") => round(seconds[place] / seconds.kubelet);
  return [
    row("100 pods Running, a kubelet", seconds.kubelet, "s"),
    row("100 pods Running, a device by SSH", seconds.ssh, "s"),
    row("100 pods Running, a simulated node", seconds.simulated, "s"),
    row("a device by SSH against the kubelet", against("ssh"), "×"),
    row("a simulated node against the kubelet", against("simulated"), "×"),
    row("agent's memory, a device, idle", idleMiB.ssh, "MiB", 40),
    row("agent's memory, a device, 100 pods", busyMiB.ssh, "MiB"),
    row("agent's memory, a simulated node, idle", idleMiB.simulated, "MiB", 40),
    row("agent's memory, a simulated node, 100 pods", busyMiB.simulated, "MiB"),
  ];
}

const most = (runs: readonly Measured[]): number => Math.max(...runs.map(({ providerMiB = 0 }) => providerMiB));

export function table(rows: readonly Row[]): string {
  const cells = [
    ["", "measured", "to reach", ""],
    ...rows.map(({ what, figure, target, reached }) => [what, figure, target, verdict(reached)]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  return cells
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

const verdict = (reached: boolean | undefined): string => (reached === undefined ? "" : reached ? "yes" : "NO");

/** Where the time of each way went, so that differences can be explained. */
export function phases({ raw, provider }: RealResult): string {
  const lines = (title: string, rows: string[]) => [`${title}:`, ...rows.map((text) => `  ${text}`)];
  const byHand = raw.create.phases.map(({ host, name, seconds }) => `${host.padEnd(6)}${name.padEnd(12)}${seconds} s`);
  const leaves = provider.create.leaves.map(({ name, from, to }) => `${name.padEnd(28)}${from} to ${to} s`);
  return [...lines("raw kubeadm", byHand), ...lines("pulumi up", leaves)].join("\n");
}
