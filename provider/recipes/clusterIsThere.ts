// Whether a control plane of this very cluster answers, asked once and without patience.
import { Kubectl } from "../host/kubectl";
import { withControlPlane } from "../host/reach";
import type { Reach, Timeouts } from "../kubeadm/spec";
import { UnreachableError } from "../lib/errors";
import { type Progress, silent } from "../lib/progress";
import { recordOf } from "../steps/upgradeChecks/look";

export interface ThereRequest {
  clusterId: string;
  reach: Reach;
  timeouts?: Timeouts | undefined;
  progress: Progress;
}

/** undefined: nobody could be asked. */
export async function clusterIsThere({
  clusterId,
  reach,
  timeouts,
  progress,
}: ThereRequest): Promise<boolean | undefined> {
  const quiet: Progress = { ...silent, warn: (text) => progress.warn(text) };
  try {
    return await withControlPlane({ reach, timeouts, progress: quiet, readyMs: 0 }, async (peer) => {
      const kubectl = new Kubectl(peer.host, { patienceMs: 2000 });
      return (await recordOf({ ...peer, kubectl }, clusterId)) !== undefined;
    });
  } catch (error) {
    if (error instanceof UnreachableError) return undefined;
    throw error;
  }
}
