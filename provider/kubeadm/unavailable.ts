// How many workers an upgrade may have away at a time. Pure.

/** `upgrade.maxUnavailable`: a number, or a percentage of all workers, rounded down; never less than one, or nothing would move. */
export function unavailableBudget(setting: number | string | undefined, workers: number): number {
  if (setting === undefined) return 1;
  if (typeof setting === "number") return Math.max(1, Math.floor(setting));
  const percent = /^(\d{1,3})%$/.exec(setting)?.[1];
  if (percent === undefined) throw new RangeError(`"${setting}" is neither a number nor a percentage such as 20%`);
  return Math.max(1, Math.floor((workers * Number(percent)) / 100));
}
