// A host becomes what it was before we came: the journal backwards, then what Kubernetes made, then a look at what is left.

import { deadline, type Timeouts } from "../kubeadm/spec";
import { UserError } from "../lib/errors";
import type { Progress } from "../lib/progress";
import type { Host } from "./host";
import { type Claim, parseClaim, parseEntries } from "./journal";
import { journalDirectory } from "./journalScript";
import type { OperatingSystem } from "./os/os";
import { type UndoPlan, undoPlan } from "./undo/plan";
import { emptyTables, ruleRemoval } from "./undo/rules";
import {
  disableScript,
  filesScript,
  linksScript,
  lookScript,
  parseLook,
  residueScript,
  stopScript,
  sysctlsScript,
  treesScript,
  unitsScript,
} from "./undo/scripts";

export interface UndoOptions {
  os: OperatingSystem;
  progress: Progress;
  timeouts?: Timeouts | undefined;
}

interface Found {
  claim: Claim | undefined;
  plan: UndoPlan;
  before: string;
  now: string;
}

async function look(host: Host): Promise<Found> {
  const sections = parseLook((await host.sh(lookScript)).stdout);
  const section = (name: string) => sections.get(name) ?? "";
  return {
    claim: parseClaim(section("claim")),
    plan: undoPlan(parseEntries(section("entries"))),
    before: section("before"),
    now: section("now"),
  };
}

/** Whether the host is claimed at all; a host without a claim was never changed. */
export async function undoPreparation(host: Host, options: UndoOptions): Promise<boolean> {
  const found = await look(host);
  if (found.claim === undefined) {
    // A claim is written last and removed first: without one there are at most our own notes.
    await host.run(["rm", "-rf", journalDirectory]);
    return false;
  }
  const { plan } = found;
  const timeoutMs = deadline(options.timeouts, "reset");
  const say = (text: string) => options.progress.say(`${host.label}: ${text}`);
  const ours = plan.runtime ? "yes" : "no";
  say("ending what the cluster left running");
  await host.sh(stopScript, [plan.units.map(({ unit }) => unit).join(" "), ours], { timeoutMs });
  say("taking the cluster's rules and links out");
  await removeRules(host, found);
  await host.sh(linksScript);
  say("removing the cluster's files");
  await host.sh(treesScript, [ours], { timeoutMs });
  say("putting back what was there before");
  await restore(host, plan, options);
  await verify(host, found, ours);
  // From the claim on: a run that is cut here finds no claim, and nothing left to undo.
  await host.sh(`rm -f "$1/claim.json"; rm -rf "$1"`, [journalDirectory]);
  return true;
}

async function removeRules(host: Host, { now, before }: Found): Promise<void> {
  const { restore, tables, sets } = ruleRemoval(now, before);
  for (const [program, input] of restore) await host.run([`${program}-restore`, "--noflush"], { stdin: input });
  const empty =
    restore.size === 0 ? [] : emptyTables(parseLook((await host.sh(lookScript)).stdout).get("now") ?? "", before);
  const gone = [...tables, ...empty].map(({ family, name }) => `delete table ${family} ${name}\n`).join("");
  if (gone !== "") await host.run(["nft", "-f", "-"], { stdin: gone });
  for (const set of sets) await host.run(["ipset", "destroy", set]);
}

async function restore(host: Host, plan: UndoPlan, options: UndoOptions): Promise<void> {
  const units = (list: UndoPlan["units"]) =>
    list.map(({ unit, enabled, active }) => `${unit} ${enabled} ${active}\n`).join("");
  // While its unit file is there: disabling reads it to know which links to take away.
  await host.sh(disableScript, [], { stdin: units(plan.units) });
  await host.sh(filesScript, [], { stdin: plan.files.map((row) => `${row}\n`).join("") });
  await host.sh(unitsScript, [], { stdin: units(plan.units), timeoutMs: deadline(options.timeouts, "reset") });
  await removePackages(host, plan, options);
  for (const { of, name } of plan.accounts)
    await host.run([of === "user" ? "userdel" : "groupdel", name], { ok: [0, 6] });
  await host.sh(sysctlsScript, [], { stdin: plan.sysctls.map((row) => `${row}\n`).join("") });
  // In use by somebody else: it stays, as it would after any program that needed it.
  for (const name of plan.modules) await host.run(["modprobe", "-r", name], { ok: [0, 1] });
  if (plan.hostname !== undefined) await host.sh(hostnameScript, [plan.hostname]);
  for (const device of plan.swap) await host.run(["swapon", device], { ok: [0, 255] });
}

const hostnameScript = `
if command -v hostnamectl >/dev/null && timeout 10 hostnamectl set-hostname "$1"; then exit 0; fi
printf '%s\\n' "$1" >/etc/hostname
hostname "$1"`;

async function removePackages(host: Host, { packages }: UndoPlan, options: UndoOptions): Promise<void> {
  if (packages.names.length === 0 && packages.before === undefined) return;
  const { os, timeouts } = options;
  const { argv, env } = os.listInstalled;
  const now = [...os.parseInstalled((await host.run(argv, { env })).stdout).keys()];
  const { before } = packages;
  const cut = before === undefined ? [] : now.filter((name) => !before.includes(name));
  const ours = [...new Set([...packages.names, ...cut])].filter((name) => now.includes(name));
  const names = await unneeded(host, ours, options);
  if (names.length === 0) return;
  const timeoutMs = deadline(timeouts, "packages");
  const command = os.remove(names, Math.floor(timeoutMs / 2000));
  await host.run(command.argv, { env: command.env, mustFinish: command.mustFinish, timeoutMs });
}

/** What somebody installed since then may need some of ours: those stay, as the package manager would take both away. */
async function unneeded(host: Host, ours: readonly string[], { os, progress }: UndoOptions): Promise<string[]> {
  let names = [...ours];
  while (names.length > 0) {
    const { argv, env } = os.testRemove(names);
    const { code, stderr } = await host.run(argv, { env, ok: [0, 1] });
    if (code === 0) break;
    const needed = os.neededIn(stderr);
    const left = names.filter((name) => !needed.includes(name));
    // Where nobody says which, none can go.
    names = left.length < names.length ? left : [];
  }
  const kept = ours.filter((name) => !names.includes(name));
  if (kept.length > 0) progress.warn(`${host.label}: ${kept.join(", ")} stay installed, as other packages need them`);
  return names;
}

async function verify(host: Host, found: Found, ours: string): Promise<void> {
  const rows = found.plan.files.map((row) => `${row}\n`).join("");
  const { stdout } = await host.sh(residueScript, [ours], { stdin: rows });
  const now = parseLook((await host.sh(lookScript)).stdout).get("now") ?? "";
  const { restore, tables, sets } = ruleRemoval(now, found.before);
  const rules = [
    ...[...restore.keys()].map((program) => `rules of ${program}`),
    ...tables.map(({ name }) => `nft table ${name}`),
    ...sets.map((name) => `ipset ${name}`),
  ];
  const left = [...stdout.split("\n").filter((line) => line !== ""), ...rules];
  if (left.length === 0) return;
  const shown = left.slice(0, 20).join("\n  ");
  throw new UserError(
    `${host.label}: undoing the preparation left ${left.length} things behind:\n  ${shown}`,
    "see what holds them on the host, then run the same command again: it goes on where it stopped",
  );
}
