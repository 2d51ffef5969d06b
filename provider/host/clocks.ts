// What time it is in a living cluster.
import type { Reach, Target, Timeouts } from "../kubeadm/spec";
import { UserError } from "../lib/errors";
import type { Progress } from "../lib/progress";
import { withHost } from "./open";

const enough = 3;
const connectSeconds = 10;

/** Offsets to our own clock, in milliseconds, of those that answer. */
export async function clusterClocks(
  reach: Reach,
  timeouts: Timeouts | undefined,
  progress: Progress,
): Promise<number[]> {
  const some = Object.entries(reach).slice(0, enough);
  const offsets = await Promise.all(some.map(([name, target]) => clockOf(name, target, timeouts, progress)));
  return offsets.flatMap((offset) => offset ?? []);
}

async function clockOf(
  name: string,
  target: Target,
  timeouts: Timeouts | undefined,
  progress: Progress,
): Promise<number | undefined> {
  const connect = Math.min(timeouts?.connect ?? connectSeconds, connectSeconds);
  try {
    return await withHost(
      { name, target, timeouts: { ...timeouts, connect }, progress, exclusive: false },
      async (host) => {
        const begun = Date.now();
        const { stdout } = await host.run(["date", "+%s%3N"]);
        return Number(stdout) - (begun + Date.now()) / 2;
      },
    );
  } catch (error) {
    // A control plane that does not answer is told about by those who need it; here the others' clocks are enough.
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
