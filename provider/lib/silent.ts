// Machines that did not answer in this run and were given up by the user's word: nobody waits for them a second time.
const silent = new Set<string>();

export function markSilent(machineId: string): void {
  silent.add(machineId);
}

/** Seconds to knock at a machine that is to be left behind when it does not answer. */
export function knockFor(machineId: string, asked: number | undefined): number {
  return silent.has(machineId) ? 3 : (asked ?? 10);
}
