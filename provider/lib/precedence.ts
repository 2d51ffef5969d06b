// Where all share one line and all wait for one of them, that one goes first. Within this process, where a run's leaves are side by side.
const leaders = new Map<string, Promise<unknown>>();

/** Runs the work that the others of this key let go first. */
export function goFirst<T>(key: string, work: () => Promise<T>): Promise<T> {
  const running = work().finally(() => leaders.delete(key));
  leaders.set(key, running);
  return running;
}

/** Until whoever goes first is done, however it ended: its failure is told by itself. Gives at once where nobody does. */
export async function giveWay(key: string, onWait: () => void): Promise<void> {
  const leader = leaders.get(key);
  if (leader === undefined) return;
  onWait();
  await leader.catch(() => undefined);
}
