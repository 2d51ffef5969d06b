// Until a deadline, with backoff and jitter, and only for what the caller knows to be transient.
import { setTimeout as sleep } from "node:timers/promises";

export interface RetryOptions {
  /** No attempt is started after this many milliseconds. */
  deadlineMs: number;
  /** True only for what can pass by itself. Everything else is thrown at once. */
  transient: (error: unknown) => boolean;
  firstDelayMs?: number;
  maxDelayMs?: number;
  /** Most attempts; absent: only the deadline counts. */
  attempts?: number | undefined;
  /** Told before each wait. */
  onRetry?: (error: unknown, attempt: number) => void;
  signal?: AbortSignal | undefined;
  /** For tests. */
  now?: () => number;
  random?: () => number;
  wait?: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
}

/** What is left when `attempt` begins is given to the work, which has to keep to it. */
export async function retry<T>(
  work: (attempt: number, remainingMs: number) => Promise<T>,
  options: RetryOptions,
): Promise<T> {
  const now = options.now ?? Date.now;
  const end = now() + options.deadlineMs;
  for (let attempt = 1; ; attempt += 1) {
    options.signal?.throwIfAborted();
    try {
      return await work(attempt, Math.max(0, end - now()));
    } catch (error) {
      const delay = backoff(attempt, options);
      const last = options.attempts !== undefined && attempt >= options.attempts;
      if (!options.transient(error) || last || now() + delay >= end) throw error;
      options.onRetry?.(error, attempt);
      await (options.wait ?? pause)(delay, options.signal);
    }
  }
}

/** Doubles up to the maximum; jittered between a half and the whole, so that many hosts don't knock in step. */
export function backoff(
  attempt: number,
  options: Pick<RetryOptions, "firstDelayMs" | "maxDelayMs" | "random">,
): number {
  const whole = Math.min(options.maxDelayMs ?? 5000, (options.firstDelayMs ?? 250) * 2 ** (attempt - 1));
  return whole * (0.5 + 0.5 * (options.random ?? Math.random)());
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(ms, undefined, signal ? { signal } : {});
}
