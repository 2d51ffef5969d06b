import assert from "node:assert/strict";
import { test } from "node:test";
import { backoff, type RetryOptions, retry } from "../../../provider/lib/retry";

class Transient extends Error {}

/** A clock that only moves by waiting. */
function timed(more: Partial<RetryOptions> = {}): { options: RetryOptions; waits: number[] } {
  let time = 0;
  const waits: number[] = [];
  const options: RetryOptions = {
    deadlineMs: 10_000,
    transient: (error) => error instanceof Transient,
    now: () => time,
    random: () => 1,
    wait: async (ms) => {
      waits.push(ms);
      time += ms;
    },
    ...more,
  };
  return { options, waits };
}

test("a transient error is tried again, with growing waits", async () => {
  const { options, waits } = timed({ firstDelayMs: 100, maxDelayMs: 300 });
  const result = await retry(async (attempt) => {
    if (attempt < 5) throw new Transient();
    return attempt;
  }, options);
  assert.equal(result, 5);
  assert.deepEqual(waits, [100, 200, 300, 300]);
});

test("any other error is thrown at once", async () => {
  const { options, waits } = timed();
  await assert.rejects(
    retry(async () => {
      throw new Error("no");
    }, options),
    /no/,
  );
  assert.deepEqual(waits, []);
});

test("nothing is started after the deadline, and the last error is the one thrown", async () => {
  const { options } = timed({ firstDelayMs: 4000, maxDelayMs: 4000 });
  const left: number[] = [];
  const work = async (attempt: number, remaining: number) => {
    left.push(remaining);
    throw new Transient(`try ${attempt}`);
  };
  await assert.rejects(retry(work, options), /try 3/);
  assert.deepEqual(left, [10_000, 6000, 2000]);
});

test("a number of attempts ends it earlier", async () => {
  const { options } = timed({ attempts: 2 });
  const told: number[] = [];
  const work = async () => {
    throw new Transient();
  };
  await assert.rejects(retry(work, { ...options, onRetry: (_error, attempt) => told.push(attempt) }), Transient);
  assert.deepEqual(told, [1]);
});

test("an abort ends it, also while it waits", async () => {
  const stop = new AbortController();
  const work = async () => {
    setImmediate(() => stop.abort(new Error("stopped")));
    throw new Transient();
  };
  const options = {
    deadlineMs: 60_000,
    transient: () => true,
    firstDelayMs: 30_000,
    maxDelayMs: 30_000,
    signal: stop.signal,
  };
  await assert.rejects(retry(work, options), { name: "AbortError" });
  await assert.rejects(
    retry(async () => 1, options),
    /stopped/,
  );
});

test("jitter stays between a half and the whole", () => {
  assert.equal(backoff(1, { firstDelayMs: 100, random: () => 0 }), 50);
  assert.equal(backoff(1, { firstDelayMs: 100, random: () => 1 }), 100);
  assert.equal(backoff(30, { firstDelayMs: 100, maxDelayMs: 1000, random: () => 1 }), 1000);
});
