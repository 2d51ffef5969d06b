// How far etcd's revision is raised, so that no client ever sees one again that it knows from before. Pure.

/** More than any cluster writes in a second. */
const writesPerSecond = 100_000;
/** What etcd's documentation advises where nothing else is known. */
const least = 1_000_000_000;

/**
 * To where the clock stands: a fixed step would lead an old backup to below where a younger recovery has led already. Stays exact
 * as a number of JavaScript for two thousand years.
 */
export function revisionBump(revision: number, nowMs: number): number {
  return Math.max(least, Math.floor(nowMs / 1000) * writesPerSecond - revision);
}
