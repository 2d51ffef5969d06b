// Hosts that carry the name of another node of this cluster: the cluster says whether that node was taken out without them.
import type { LookedAt } from "../host/lookAll";
import { withControlPlane } from "../host/reach";
import type { RemovedNames } from "../kubeadm/removed";
import type { Reach, Timeouts } from "../kubeadm/spec";
import { UnreachableError, UserError } from "../lib/errors";
import type { Progress } from "../lib/progress";
import { removedNames } from "../steps/node/removedNames";

export interface LeftoverOptions {
  clusterId: string;
  reach: Reach;
  timeouts: Timeouts | undefined;
  progress: Progress;
}

/** Asks only where somebody has to know. Where nobody answers, no name counts as taken out. */
export async function leftoverNames(options: LeftoverOptions, looks: readonly LookedAt[]): Promise<RemovedNames> {
  const { clusterId, ...how } = options;
  const returned = looks.some(({ name, seen }) => {
    if (seen instanceof UserError) return false;
    const { claim } = seen.kubernetes;
    return typeof claim === "object" && claim.clusterId === clusterId && claim.node !== name;
  });
  if (!returned) return {};
  try {
    return await withControlPlane(how, ({ kubectl }) => removedNames(kubectl));
  } catch (error) {
    if (error instanceof UnreachableError) return {};
    throw error;
  }
}
