// Quorum arithmetic of a stacked etcd: what a change of one control plane leaves, during and after. Pure.

/** A member that votes; learners do not count. */
export interface Voter {
  name: string;
  healthy: boolean;
}

export type QuorumChange =
  /** One more; it comes as a learner and votes only once it has caught up. */
  | { kind: "join" }
  /** `leaving` goes for good. */
  | { kind: "remove"; leaving: string }
  /** `restarting` is away for a while and comes back. */
  | { kind: "restart"; restarting: string };

export interface Moment {
  voters: number;
  healthy: number;
}

export interface Simulation {
  during: Moment;
  after: Moment;
}

export function quorumOf(voters: number): number {
  return Math.floor(voters / 2) + 1;
}

/** How many of them may be lost at the same time. */
export function lossesSurvived(voters: number): number {
  return voters === 0 ? 0 : voters - quorumOf(voters);
}

export function hasQuorum({ voters, healthy }: Moment): boolean {
  return voters > 0 && healthy >= quorumOf(voters);
}

export function momentOf(voters: readonly Voter[]): Moment {
  return { voters: voters.length, healthy: voters.filter(({ healthy }) => healthy).length };
}

export function simulate(voters: readonly Voter[], change: QuorumChange): Simulation {
  const now = momentOf(voters);
  switch (change.kind) {
    case "join":
      return { during: now, after: { voters: now.voters + 1, healthy: now.healthy + 1 } };
    case "remove":
      // A removal is agreed on by the members as they are before it.
      return { during: now, after: momentOf(voters.filter(({ name }) => name !== change.leaving)) };
    case "restart": {
      const others = momentOf(voters.filter(({ name }) => name !== change.restarting));
      const during = { voters: now.voters, healthy: others.healthy };
      return { during, after: { voters: now.voters, healthy: during.healthy + (now.voters - others.voters) } };
    }
  }
}

/** Why the change would cost etcd its quorum; undefined when it is kept all the way. */
export function quorumProblem(voters: readonly Voter[], change: QuorumChange): string | undefined {
  const now = momentOf(voters);
  if (!hasQuorum(now)) return `etcd has lost its quorum already: ${counted(now)}, and ${needed(now)}`;
  const { during, after } = simulate(voters, change);
  if (after.voters === 0) return "it is the last member of etcd";
  if (!hasQuorum(during) && !mustPause(voters, change))
    return `while it is away etcd would lose its quorum: ${counted(during)}, and ${needed(during)}`;
  if (!hasQuorum(after)) return `etcd would lose its quorum: ${counted(after)} would be left, and ${needed(after)}`;
  return undefined;
}

/** One or two members, all healthy, have no restart that keeps the quorum: the API pauses and nothing is lost. */
export function mustPause(voters: readonly Voter[], { kind }: QuorumChange): boolean {
  return kind === "restart" && voters.length <= 2 && voters.every(({ healthy }) => healthy);
}

function counted({ voters, healthy }: Moment): string {
  return `${healthy} healthy of ${voters} ${voters === 1 ? "member" : "members"}`;
}

function needed({ voters }: Moment): string {
  return `${quorumOf(voters)} ${quorumOf(voters) === 1 ? "is" : "are"} needed`;
}

/** What an even number of control planes is worth; undefined for an odd one. */
export function evenNumber(count: number): string | undefined {
  if (count === 0 || count % 2 === 1) return undefined;
  if (count === 2)
    return "2 control planes survive no loss: the API stops when either is gone. One alone fails less often, 3 survive a loss";
  const [fewer, more] = [lossesSurvived(count - 1), lossesSurvived(count + 1)];
  return `${count} control planes survive ${losses(fewer)}, no more than ${count - 1} do; ${count + 1} survive ${losses(more)}`;
}

function losses(count: number): string {
  return count === 1 ? "1 loss" : `${count} losses`;
}
