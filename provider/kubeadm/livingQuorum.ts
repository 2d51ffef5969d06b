// Whether those that still answer may be a quorum of etcd. Pure.

export interface Others {
  /** Control planes the cluster had, the one that is recovered not among them. */
  known: readonly { name: string | undefined; addresses: readonly string[] }[];
  answering: ReadonlySet<string>;
  /** The data of the recovered one is itself part of the cluster still. */
  survivor: boolean;
}

/** Names of those that answer, when they may decide things together without us; undefined when they cannot. */
export function mayBeQuorum({ known, answering, survivor }: Others): string[] | undefined {
  const alive = living({ known, answering });
  if (alive.length === 0) return undefined;
  const voters = known.length + (survivor ? 1 : 0);
  const quorum = Math.floor(voters / 2) + 1;
  return alive.length + (survivor ? 1 : 0) >= quorum ? alive : undefined;
}

export function living({ known, answering }: Pick<Others, "known" | "answering">): string[] {
  return known
    .filter(({ addresses }) => addresses.some((address) => answering.has(address)))
    .map(({ name, addresses }) => name ?? addresses[0] ?? "");
}
