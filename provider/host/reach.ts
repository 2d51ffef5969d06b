// Whoever needs the API asks a control plane that lives: the first one that answers gets the work.
import { setTimeout as sleep } from "node:timers/promises";
import type { Reach, Target, Timeouts } from "../kubeadm/spec";
import { CommandError, messageOf, UnreachableError } from "../lib/errors";
import type { Progress } from "../lib/progress";
import type { Host } from "./host";
import { Kubectl } from "./kubectl";
import { ApiError } from "./kubeErrors";
import { withHost } from "./open";

export interface ReachOptions {
  reach: Reach;
  /** Nodes that are not asked, e.g. the one that leaves. */
  except?: readonly string[];
  progress: Progress;
  timeouts?: Timeouts | undefined;
  /** Takes the lease of the host, for work that also changes files there. */
  exclusive?: boolean;
  /** How long one that was reached may take until its API says ready. */
  readyMs?: number;
  /** How long to wait for one before the next is tried beside it. */
  staggerMs?: number;
  /** For tests: another door to hosts. */
  open?: typeof withHost;
}

export interface LivingControlPlane {
  kubectl: Kubectl;
  host: Host;
  name: string;
}

/** Each candidate keeps its connection while it waits, so the winner's work runs inside of its own `withHost`. */
export async function withControlPlane<T>(
  options: ReachOptions,
  use: (living: LivingControlPlane) => Promise<T>,
): Promise<T> {
  const candidates = Object.entries(options.reach).filter(([name]) => !options.except?.includes(name));
  const race = new Race<T>();
  const reasons = new Map<string, string>();
  for (const [name, target] of candidates) {
    const attempt = tryOne(options, name, target, race, use).catch((error: unknown) => {
      reasons.set(name, messageOf(error));
    });
    race.attempts.push(attempt);
    await Promise.race([attempt, race.won, sleep(options.staggerMs ?? 2000)]);
    if (race.winner) break;
  }
  await Promise.race([race.won, Promise.all(race.attempts)]);
  if (race.winner) {
    // Its connection is given back before anybody goes on.
    await race.attempts.at(candidates.findIndex(([name]) => name === race.winner));
    return race.result as Promise<T>;
  }
  throw nobody(candidates.map(([name, target]) => ({ name, address: target.address, reason: reasons.get(name) })));
}

class Race<T> {
  winner: string | undefined;
  result: Promise<T> | undefined;
  readonly attempts: Promise<void>[] = [];
  private announce: () => void = () => {};
  readonly won = new Promise<void>((resolve) => {
    this.announce = resolve;
  });

  /** False when another one was faster. */
  start(name: string, work: () => Promise<T>): boolean {
    if (this.winner) return false;
    this.winner = name;
    this.result = work();
    this.announce();
    return true;
  }
}

async function tryOne<T>(
  options: ReachOptions,
  name: string,
  target: Target,
  race: Race<T>,
  use: (living: LivingControlPlane) => Promise<T>,
): Promise<void> {
  const { timeouts, progress, exclusive = false, open = withHost } = options;
  await open({ name, target, timeouts, progress, exclusive }, async (host) => {
    if (race.winner) return;
    await answers(new Kubectl(host, { requestSeconds: 5 }), options.readyMs ?? 20_000, race);
    const kubectl = new Kubectl(host);
    race.start(name, () => use({ kubectl, host, name }));
    // Whoever awaits the result sees its failure; here it only keeps the connection open.
    if (race.winner === name) await race.result?.catch(() => {});
  });
}

async function answers(kubectl: Kubectl, patienceMs: number, race: { winner: string | undefined }): Promise<void> {
  const over = Date.now() + patienceMs;
  for (;;) {
    try {
      return await kubectl.ready();
    } catch (error) {
      if (race.winner || Date.now() > over || neverAnswers(error)) throw error;
      await sleep(1000);
    }
  }
}

/** No kubectl or no admin.conf: no control plane, or none any more. */
function neverAnswers(error: unknown): boolean {
  if (error instanceof CommandError) return error.outcome.code === 127;
  return error instanceof ApiError && /admin\.conf: no such file/.test(error.detail);
}

function nobody(tried: { name: string; address: string; reason: string | undefined }[]): UnreachableError {
  if (tried.length === 0) return new UnreachableError("no other control plane is left to ask");
  const list = tried.map(({ name, address, reason }) => `\n  ${name} (${address}): ${firstLine(reason)}`).join("");
  return new UnreachableError(
    `no control plane answers:${list}`,
    "bring one of them back, or correct its connection in the program, and run again.",
  );
}

function firstLine(reason: string | undefined): string {
  return reason?.split("\n")[0] ?? "its API did not answer";
}
