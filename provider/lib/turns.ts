// Turns of a rollout: nodes that change one after the other, or a few at a time, and none any more once one has failed.
// Every leaf waits in this process for leaves that run already, so that few places in the engine's queue are no deadlock.
import { RefusedError } from "./errors";

export interface Turn {
  /** The node's. */
  name: string;
  /** Places, those taken included: whoever is `inside` may count as away without using up a place a second time. */
  capacity: number | ((inside: readonly string[]) => number | Promise<number>);
}

/** Tells the one that waits why. */
export type OnWait = (text: string) => void;

const rollouts = new Map<string, Rollout>();

/**
 * Runs `work` when it is this node's turn in the rollout of that key, which names its cluster and what changes. Those that
 * wait start in the order of their names. After a failure nobody starts: what broke one node would break the next.
 * The provider's process lives for one run, and what failed is forgotten with it.
 */
export function withTurn<T>(key: string, turn: Turn, onWait: OnWait, work: () => Promise<T>): Promise<T> {
  const rollout = rollouts.get(key) ?? new Rollout();
  rollouts.set(key, rollout);
  return rollout.take(turn, onWait, work);
}

interface Waiting {
  turn: Turn;
  onWait: OnWait;
  start: () => void;
  refuse: (error: unknown) => void;
}

const naturally = new Intl.Collator("en", { numeric: true });

/** One rollout; several runs in one process, as in a test, have one each. */
export class Rollout {
  private readonly inside: string[] = [];
  private waiting: Waiting[] = [];
  private failed: { name: string; error: unknown } | undefined;
  private admitting = false;
  private again = false;

  async take<T>(turn: Turn, onWait: OnWait, work: () => Promise<T>): Promise<T> {
    await new Promise<void>((start, refuse) => {
      this.waiting.push({ turn, onWait, start, refuse });
      this.waiting.sort((a, b) => naturally.compare(a.turn.name, b.turn.name));
      void this.admit();
    });
    try {
      return await work();
    } catch (error) {
      this.failed ??= { name: turn.name, error };
      throw error;
    } finally {
      this.inside.splice(this.inside.indexOf(turn.name), 1);
      void this.admit();
    }
  }

  /** Asked for one at a time: between a question about places and its answer nobody else may take one. */
  private async admit(): Promise<void> {
    this.again = true;
    if (this.admitting) return;
    this.admitting = true;
    while (this.again) {
      this.again = false;
      while (await this.admitNext());
    }
    this.admitting = false;
    for (const { turn, onWait } of this.waiting) onWait(`${turn.name} waits for ${listed(this.inside)}`);
  }

  /** Whether another one may be admitted after this one. */
  private async admitNext(): Promise<boolean> {
    const [first] = this.waiting;
    if (first === undefined) return false;
    if (this.failed !== undefined) return this.refuseAll(this.failed);
    const places = await placesOf(first, this.inside);
    if (places instanceof Failure) return this.refuse(first, places.error);
    // Somebody may have failed, or come or gone, while the question was out.
    if (this.failed !== undefined || this.waiting[0] !== first) return true;
    if (this.inside.length < places) {
      this.waiting.shift();
      this.inside.push(first.turn.name);
      first.start();
      return true;
    }
    return this.inside.length === 0 ? this.refuse(first, noPlace(first.turn.name)) : false;
  }

  private refuse(one: Waiting, error: unknown): boolean {
    this.waiting = this.waiting.filter((other) => other !== one);
    this.failed ??= { name: one.turn.name, error };
    one.refuse(error);
    return true;
  }

  private refuseAll({ name, error }: { name: string; error: unknown }): boolean {
    const all = this.waiting;
    this.waiting = [];
    for (const { turn, refuse } of all) refuse(stopped(turn.name, name, error));
    return false;
  }
}

class Failure {
  constructor(readonly error: unknown) {}
}

async function placesOf({ turn: { capacity } }: Waiting, inside: readonly string[]): Promise<number | Failure> {
  try {
    return typeof capacity === "number" ? capacity : await capacity([...inside]);
  } catch (error) {
    return new Failure(error);
  }
}

const listed = (names: readonly string[]) => [...names].sort(naturally.compare).join(", ");

function stopped(name: string, failed: string, cause: unknown): RefusedError {
  const [reason] = (cause instanceof Error ? cause.message : String(cause)).split("\n", 1);
  return new RefusedError(
    `${name} was not started: the rollout stopped when ${failed} failed (${reason})`,
    `put ${failed} right and run \`pulumi up\` again: it goes on with those that are left`,
    { cause },
  );
}

function noPlace(name: string): RefusedError {
  return new RefusedError(
    `${name} was not started: as many nodes are away already as may be`,
    "bring back those that are not Ready, or allow more with upgrade.maxUnavailable",
  );
}
