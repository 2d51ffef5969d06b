/** None is left running when another one fails. */
export async function sideBySide(...chains: Promise<void>[]): Promise<void> {
  for (const one of await Promise.allSettled(chains)) if (one.status === "rejected") throw one.reason;
}
