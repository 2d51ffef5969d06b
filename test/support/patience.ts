// Waiting for what a test expects to become true.
import { setTimeout as sleep } from "node:timers/promises";

/** Until the condition gives something; its last failure says why it never did. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined | false>,
  withinMs = 120_000,
): Promise<T> {
  const over = Date.now() + withinMs;
  let last: unknown;
  for (;;) {
    try {
      const found = await look();
      if (found) return found;
    } catch (error) {
      last = error;
    }
    if (Date.now() > over)
      throw new Error(`never seen: ${what}${last === undefined ? "" : `: ${last}`}`, { cause: last });
    await sleep(500);
  }
}
