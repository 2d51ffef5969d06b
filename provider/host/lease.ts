// The lease: one run at a time changes a host. It lives on the host itself, in /run, which a reboot empties.
import { LockedError, UnreachableError, UserError } from "../lib/errors";
import type { Progress } from "../lib/progress";
import { currentRun, nextStep } from "../ssh/run";
import type { Session } from "../ssh/session";
import { type Holder, holderIsDead, ourselves, parseHolder } from "./holder";
import { releaseScript, renewScript, takeScript } from "./leaseScripts";
import { refuseStuck, tellLeftovers } from "./leftovers";

export const leaseTiming = {
  renewMs: 15_000,
  staleSeconds: 60,
  /** A run that is just ending, or that lost its engine, lets go within this. */
  politeMs: 8_000,
};
export const leaseDirectory = { path: "/run/pulumi-kubeadm" };

export interface LeaseOptions {
  session: Session;
  progress: Progress;
  /** How long something that must finish may take to end. */
  patienceMs: number;
}

/** Held until released; renewed in the meantime. */
export class Lease {
  private timer: NodeJS.Timeout | undefined;
  private renewed = Date.now();
  private lost: string | undefined;
  private held = false;
  private renewing: Promise<void> | undefined;

  private constructor(private readonly session: Session) {}

  /** Takes the lease and, in the same round trip, ends or awaits what an earlier run left. */
  static async take(options: LeaseOptions): Promise<Lease> {
    const lease = new Lease(options.session);
    const end = Date.now() + leaseTiming.politeMs;
    let replace = "";
    for (;;) {
      const held = await lease.attempt(options, replace);
      if (!held) return lease;
      if (holderIsDead(held.holder)) {
        // Twice the same dead holder would mean that the host did not take our word for it.
        if (replace === held.holder.run) throw locked(options.session.label, held.holder, held.age);
        replace = held.holder.run;
        continue;
      }
      if (Date.now() >= end) throw locked(options.session.label, held.holder, held.age);
      options.progress.say(`${options.session.label} is in use by ${held.holder.holder}, waiting a moment`);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }

  /** Throws when another run may have taken the host over. */
  check(): void {
    if (this.lost !== undefined) {
      throw new LockedError(`${this.session.label}: ${this.lost}`, "run again when the other run has ended");
    }
    if (Date.now() - this.renewed < leaseTiming.staleSeconds * 1000) return;
    throw new UnreachableError(
      `${this.session.label}: the host's lease could not be renewed for ${leaseTiming.staleSeconds} s`,
      "check the network and the machine, then run again",
    );
  }

  get valid(): boolean {
    return this.lost === undefined && Date.now() - this.renewed < leaseTiming.staleSeconds * 1000;
  }

  async release(): Promise<void> {
    this.stop();
    // One that is under way would make the lease anew behind our back.
    await this.renewing;
    if (this.valid) await this.command(releaseScript, []);
  }

  private async attempt(options: LeaseOptions, replace: string): Promise<{ holder: Holder; age: number } | undefined> {
    const { id, scope } = currentRun();
    const tell = tellLeftovers(options.session.label, options.progress);
    const onLine = (line: string) => {
      if (line === "taken") this.keep();
      else tell(line);
    };
    const began = Date.now();
    const json = JSON.stringify(ourselves());
    const patience = String(Math.ceil(options.patienceMs / 1000));
    const args = [String(leaseTiming.staleSeconds), replace, json, scope, patience];
    try {
      const output = await this.command(takeScript, args, options.patienceMs + 60_000, onLine);
      const held = /^held (\d+)\n(.*)$/m.exec(output);
      if (held) return { holder: parseHolder(held[2] ?? ""), age: Number(held[1]) };
      if (!output.startsWith("taken\n"))
        throw new UserError(`${options.session.label}: run ${id} got no lease: ${output}`);
      this.renewed = Math.max(this.renewed, began);
      refuseStuck(options.session.label, output);
      return undefined;
    } catch (error) {
      this.stop();
      throw error;
    }
  }

  private keep(): void {
    this.renewed = Date.now();
    this.held = true;
    this.wait();
  }

  /** One after the other: on a slow host they would pile up and take the channels from the commands. */
  private wait(): void {
    if (!this.held) return;
    this.timer = setTimeout(() => {
      this.renewing = this.renew().finally(() => this.wait());
    }, leaseTiming.renewMs).unref();
  }

  /** A failure is not the end: the next one may succeed, and `check` counts the time. */
  private async renew(): Promise<void> {
    const began = Date.now();
    try {
      const output = await this.command(renewScript, [JSON.stringify(ourselves())]);
      if (output.trim() === "renewed") this.renewed = began;
      else this.lost = "another run took this host over, because ours did not answer for a while";
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
    }
  }

  private stop(): void {
    this.held = false;
    clearTimeout(this.timer);
  }

  private async command(
    script: string,
    args: string[],
    timeoutMs = 20_000,
    onLine?: (line: string) => void,
  ): Promise<string> {
    const argv = ["sh", "-c", `set -eu\n${script}`, "sh", leaseDirectory.path, currentRun().id, ...args];
    const outcome = await this.session.exec({ argv, step: nextStep(), timeoutMs, shared: true }, { onLine });
    if (outcome.code === 0) return outcome.stdout.text();
    const how = outcome.givenUp ? "no answer in time" : `exit ${outcome.code ?? outcome.signal}`;
    throw new UserError(`${this.session.label}: the host's lease: ${how}: ${outcome.stderr.text().trim()}`);
  }
}

function locked(label: string, holder: Holder, age: number): LockedError {
  return new LockedError(
    `${label} is in use by another run: ${holder.holder}, since ${holder.since} (last sign of life ${age} s ago)`,
    `wait until it has ended; the lease of a run that died ends by itself after ${leaseTiming.staleSeconds} s`,
  );
}
