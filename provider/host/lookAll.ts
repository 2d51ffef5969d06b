// Facts of many hosts, side by side; one that cannot be looked at is an answer too.
import type { Target, Timeouts } from "../kubeadm/spec";
import { UserError } from "../lib/errors";
import { Gate } from "../lib/limit";
import type { Progress } from "../lib/progress";
import { type Facts, lookAt } from "./facts";

const atOnce = 16;

export interface LookedAt {
  name: string;
  target: Target;
  /** What is known of it, or why nothing is. */
  seen: Facts | UserError;
}

export async function lookAtAll(
  targets: readonly (readonly [string, Target])[],
  timeouts: Timeouts | undefined,
  progress: Progress,
): Promise<LookedAt[]> {
  const gate = new Gate(atOnce);
  let done = 0;
  const tell = () => progress.say(`looked at ${done} of ${targets.length} host${targets.length === 1 ? "" : "s"}`);
  // What each connection says about itself would drown the count.
  const quiet: Progress = { say: () => {}, warn: (text) => progress.warn(text) };
  const one = async (name: string, target: Target): Promise<LookedAt> => {
    const seen = await lookAt(name, target, timeouts, quiet).catch(toldFailure);
    done += 1;
    tell();
    return { name, target, seen };
  };
  tell();
  return Promise.all(targets.map(([name, target]) => gate.run(() => one(name, target))));
}

function toldFailure(error: unknown): UserError {
  if (error instanceof UserError) return error;
  throw error;
}
