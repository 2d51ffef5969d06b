// What clients saw: requests, failures and the longest time without an answer. Pure.

export interface Polled {
  startMs: number;
  tookMs: number;
  /** "ok", or why not. */
  outcome: string;
}

export interface PollReport {
  requests: number;
  failures: number;
  /** From the first request that failed to the next one that did not, in whole milliseconds. */
  longestGapMs: number;
  /** Requests by what became of those that failed. */
  reasons: Record<string, number>;
}

/** "<start> <took> <outcome>"; a line that was cut says nothing. */
export function parsePolled(line: string): Polled | undefined {
  const [, start, took, outcome] = /^(\d+) (\d+) (\S+)$/.exec(line.trim()) ?? [];
  if (start === undefined || took === undefined || outcome === undefined) return undefined;
  return { startMs: Number(start), tookMs: Number(took), outcome };
}

export function reportOf(polled: readonly Polled[]): PollReport {
  const inOrder = [...polled].sort((a, b) => a.startMs - b.startMs);
  const reasons: Record<string, number> = {};
  const gaps: number[] = [0];
  let since: number | undefined;
  for (const { startMs, outcome } of inOrder) {
    if (outcome === "ok") {
      if (since !== undefined) gaps.push(startMs - since);
      since = undefined;
      continue;
    }
    reasons[outcome] = (reasons[outcome] ?? 0) + 1;
    since ??= startMs;
  }
  // One that has not ended is as long as what is known of it.
  const last = inOrder.at(-1);
  if (since !== undefined && last !== undefined) gaps.push(last.startMs + last.tookMs - since);
  const failures = Object.values(reasons).reduce((sum, count) => sum + count, 0);
  return { requests: inOrder.length, failures, longestGapMs: Math.max(...gaps), reasons };
}

/** "1200 requests, 3 failed (ECONNREFUSED 2, timeout 1), longest gap 0.4 s" */
export function describeReport({ requests, failures, longestGapMs, reasons }: PollReport): string {
  const why = Object.entries(reasons).map(([reason, count]) => `${reason} ${count}`);
  const failed = failures === 0 ? "none failed" : `${failures} failed (${why.join(", ")})`;
  return `${requests} requests, ${failed}, longest gap ${(longestGapMs / 1000).toFixed(1)} s`;
}
