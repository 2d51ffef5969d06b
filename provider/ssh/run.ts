// Who we are on the hosts: every command of this process carries the run's id in its environment.
import { randomBytes } from "node:crypto";

export const runVariable = "PULUMI_KUBEADM_RUN";
export const stepVariable = "PULUMI_KUBEADM_STEP";
export const waitVariable = "PULUMI_KUBEADM_WAIT";
export const sharedVariable = "PULUMI_KUBEADM_SHARED";

interface Run {
  readonly id: string;
  /** Only runs whose id begins with this are looked at as leftovers. Empty but in tests. */
  readonly scope: string;
}

let current: Run = { id: randomBytes(8).toString("hex"), scope: "" };
let steps = 0;

export function currentRun(): Run {
  return current;
}

/** A number for each command of this run, so that one of them can be ended alone. */
export function nextStep(): number {
  steps += 1;
  return steps;
}

/** For tests: keeps what they do apart from every other run on the same machine. */
export function scopeRun(scope: string): void {
  if (!/^[a-z0-9-]+$/.test(scope)) throw new RangeError("a scope is made of a-z, 0-9 and -");
  current = { id: `${scope}${randomBytes(8).toString("hex")}`, scope };
}
