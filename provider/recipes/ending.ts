// The whole cluster goes: told to this run, and to the cluster for a run that has to go on after this one failed.
import { hasReason } from "../host/kubeErrors";
import { withControlPlane } from "../host/reach";
import type { Reach, Timeouts } from "../kubeadm/spec";
import { markEnding } from "../lib/ending";
import { UnreachableError } from "../lib/errors";
import type { Progress } from "../lib/progress";
import { recordEnding } from "../steps/node/clusterRecord";

export interface EndOptions {
  clusterId: string;
  reach: Reach;
  timeouts: Timeouts | undefined;
  progress: Progress;
}

export async function beginEnd({ clusterId, reach, timeouts, progress }: EndOptions): Promise<void> {
  markEnding(clusterId);
  const knocking = { ...timeouts, connect: timeouts?.connect ?? 10 };
  try {
    await withControlPlane({ reach, timeouts: knocking, progress }, ({ kubectl }) => recordEnding(kubectl, true));
  } catch (error) {
    // Nobody is left to tell, or the record is gone already: the rest of the destroy finds out by itself.
    if (!(error instanceof UnreachableError) && !hasReason(error, "NotFound")) throw error;
    progress.say("no control plane could be told that the cluster ends");
  }
}
