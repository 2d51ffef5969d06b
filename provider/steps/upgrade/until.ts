// Waits until nothing is missing any more, and says at the end what was.
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../lib/errors";
import type { Progress } from "../../lib/progress";

export interface Waiting {
  /** Whose it is, for messages. */
  what: string;
  timeoutMs: number;
  progress: Progress;
}

export async function until(
  { what, timeoutMs, progress }: Waiting,
  missing: () => Promise<readonly string[]>,
): Promise<void> {
  const over = Date.now() + timeoutMs;
  for (;;) {
    const left = await missing();
    if (left.length === 0) return;
    if (Date.now() > over)
      throw new UserError(
        `${what}: not back within ${Math.round(timeoutMs / 1000)} s: ${left.join("; ")}`,
        "look at these pods with `kubectl describe`, then run again: it goes on from here; `timeouts.ready` gives them more time",
      );
    progress.say(`waiting for ${left.join("; ")}`);
    await sleep(500);
  }
}
