// What every test here needs: a run of its own, a lease directory of its own, and what was said.
import { rmSync } from "node:fs";
import { closeHosts, lingering } from "../../../provider/host/held";
import type { Host } from "../../../provider/host/host";
import { leaseDirectory, leaseTiming } from "../../../provider/host/lease";
import { type OpenOptions, withHost } from "../../../provider/host/open";
import type { Connection, Target } from "../../../provider/kubeadm/spec";
import { scopeRun } from "../../../provider/ssh/run";

export const scope = `test-${process.pid}-`;
export const said: string[] = [];
const progress = { say: (text: string) => void said.push(text), warn: (text: string) => void said.push(text) };

/** Nothing here sees, ends or locks what any other program on this machine does. */
export function ownWorld(): void {
  scopeRun(scope);
  leaseDirectory.path = `/run/kubeadm-${scope}lease`;
  leaseTiming.politeMs = 0;
  lingering.ms = 50;
}

export async function leaveWorld(): Promise<void> {
  await closeHosts();
  rmSync(leaseDirectory.path, { recursive: true, force: true });
}

export function targetOf(connection: Connection, machineId = "machine-1"): Target {
  return { connection, hostKeys: {}, machineId, address: "127.0.0.1" };
}

export function onHost<T>(
  connection: Connection,
  use: (host: Host) => Promise<T>,
  more: Partial<OpenOptions> = {},
): Promise<T> {
  const timeouts = { connect: 10 };
  return withHost({ name: "w1", target: targetOf(connection), progress, exclusive: false, timeouts, ...more }, use);
}
