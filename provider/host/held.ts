// The leases this process holds, kept from one leaf to the next, and the turn of those who want the same machine here.

import { Gate } from "../lib/limit";
import type { Progress } from "../lib/progress";
import { closeConnections } from "../ssh/pool";
import type { Session } from "../ssh/session";
import { Lease } from "./lease";

export interface Borrowing {
  session: () => Session;
  progress: Progress;
  patienceMs: number;
}

export interface BorrowedLease {
  check(): void;
  release(): void;
}

interface Slot {
  /** One at a time changes a machine. */
  readonly turn: Gate;
  held: { lease: Lease; session: Session } | undefined;
  /** Users and those waiting. */
  wanted: number;
  idle: NodeJS.Timeout | undefined;
}

/** Long enough to reach the next leaf of the same run, short enough for the next run. */
export const lingering = { ms: 3000 };
const slots = new Map<string, Slot>();

/** Waits for its turn on the machine, then holds its lease. */
export async function borrowLease(machine: string, borrowing: Borrowing): Promise<BorrowedLease> {
  const slot = slots.get(machine) ?? { turn: new Gate(1), held: undefined, wanted: 0, idle: undefined };
  slots.set(machine, slot);
  slot.wanted += 1;
  clearTimeout(slot.idle);
  if (slot.turn.inside > 0) borrowing.progress.say(`waiting for another step on the same machine`);
  const leave = await slot.turn.enter();
  const done = () => {
    leave();
    slot.wanted -= 1;
    if (slot.wanted === 0) slot.idle = setTimeout(() => void letGo(slot), lingering.ms);
  };
  try {
    const lease = await ensure(slot, borrowing);
    return { check: () => lease.check(), release: done };
  } catch (error) {
    done();
    throw error;
  }
}

async function ensure(slot: Slot, borrowing: Borrowing): Promise<Lease> {
  if (slot.held?.lease.valid) return slot.held.lease;
  const old = slot.held;
  slot.held = undefined;
  await old?.lease.release();
  await old?.session.close();
  const session = borrowing.session();
  try {
    const lease = await Lease.take({ session, progress: borrowing.progress, patienceMs: borrowing.patienceMs });
    slot.held = { lease, session };
    return lease;
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** In turn too: else it could take away what the next one has just taken. */
async function letGo(slot: Slot): Promise<void> {
  const leave = await slot.turn.enter();
  if (slot.wanted === 0) await giveUp(slot);
  leave();
}

/** Best effort: a lease that cannot be given back is stale in a minute. */
async function giveUp(slot: Slot): Promise<void> {
  const { held } = slot;
  slot.held = undefined;
  if (!held) return;
  await held.lease.release().catch(() => undefined);
  await held.session.close();
}

/** At the end of the process: gives every lease back, in use or not, and closes every connection. */
export async function closeHosts(): Promise<void> {
  for (const slot of slots.values()) clearTimeout(slot.idle);
  await Promise.all([...slots.values()].map(giveUp));
  closeConnections(true);
}
