// The door to hosts for handlers: a pooled connection, root, the lease, and no leftover of a killed run.
import { type Connection, deadline, type Target, type Timeouts } from "../kubeadm/spec";
import type { Progress } from "../lib/progress";
import { Session } from "../ssh/session";
import { borrowLease } from "./held";
import type { Host } from "./host";
import { SshHost } from "./sshHost";

export interface OpenOptions {
  name: string;
  target: Target;
  timeouts?: Timeouts | undefined;
  progress: Progress;
  /** True for anything that changes the host: takes the host's lease and ends what a killed run left. */
  exclusive: boolean;
}

export async function withHost<T>(options: OpenOptions, use: (host: Host) => Promise<T>): Promise<T> {
  const { target, exclusive } = options;
  const make = () => newSession(options, target.connection, target.hostKeys, false);
  const session = make();
  try {
    if (!exclusive) {
      await session.connect();
      return await use(newHost(options, session, target.machineId));
    }
    const lent = await borrowLease(target.machineId, {
      // The lease outlives this use, so it has a session of its own; both share one connection.
      session: make,
      progress: options.progress,
      patienceMs: patience(options.timeouts),
    });
    try {
      return await use(newHost(options, session, target.machineId, () => lent.check()));
    } finally {
      lent.release();
    }
  } finally {
    await session.close();
  }
}

export interface MachineOptions {
  name: string;
  connection: Connection;
  /** What an earlier look recorded; those keys are checked. */
  hostKeys?: Readonly<Record<string, string>> | undefined;
  timeouts?: Timeouts | undefined;
  progress: Progress;
}

/** For the Machine leaf alone: keys of hops that are not known yet are accepted and handed over, to be recorded. */
export async function openMachine<T>(
  options: MachineOptions,
  use: (host: Host, hostKeys: Record<string, string>) => Promise<T>,
): Promise<T> {
  const { connection, hostKeys = {} } = options;
  const session = newSession(options, connection, hostKeys, true);
  try {
    const seen = await session.hostKeys();
    return await use(newHost(options, session, `at ${connection.host}:${connection.port ?? 22}`), seen);
  } finally {
    await session.close();
  }
}

type Common = Pick<OpenOptions, "name" | "timeouts" | "progress">;

function newSession(
  options: Common,
  connection: Connection,
  hostKeys: Readonly<Record<string, string>>,
  record: boolean,
): Session {
  return new Session({
    name: options.name,
    connection,
    hostKeys,
    recordHostKeys: record,
    connectMs: deadline(options.timeouts, "connect"),
    explicitDeadline: options.timeouts?.connect !== undefined,
    progress: options.progress,
  });
}

function newHost(options: Common, session: Session, machine: string, guard?: () => void): Host {
  const { name, progress, timeouts } = options;
  const commandMs = deadline(timeouts, "command");
  const transferMs = deadline(timeouts, "transfer");
  return new SshHost({
    name,
    session,
    machine,
    progress,
    guard,
    commandMs,
    transferMs,
    patienceMs: patience(timeouts),
  });
}

/** What must finish (a package manager) has its own deadline on the host; then some time to end. */
function patience(timeouts: Timeouts | undefined): number {
  return deadline(timeouts, "packages") + 15_000;
}
