// Before the first change of an upgrade: the whole cluster is looked at, through one control plane that lives.
import { withControlPlane } from "../host/reach";
import type { Reach, Timeouts } from "../kubeadm/spec";
import { UnreachableError } from "../lib/errors";
import type { Progress } from "../lib/progress";
import { onBlocked } from "../steps/node/drain";
import { judgeCluster } from "../steps/upgradeChecks/judge";
import { lookAtCluster, recordOf } from "../steps/upgradeChecks/look";
import type { Finding, UpgradeWish } from "../steps/upgradeChecks/view";

export interface GateRequest {
  clusterId: string;
  /** The new version. */
  to: string;
  reach: Reach;
  timeouts: Timeouts | undefined;
  maxUnavailable: number | string | undefined;
  onBlocked: "stop" | "force" | "skip" | undefined;
  progress: Progress;
}

export interface Gate {
  findings: Finding[];
  /** Nodes that are away: it is told here, so nobody tells it of their hosts once more. */
  notReady: ReadonlySet<string>;
}

/** Nobody answers, or nobody who belongs to this cluster: whether that is a reason to stop, the caller knows. */
export interface NoCluster {
  nobody: UnreachableError;
}

export type GateResult = Gate | NoCluster;

/** Nodes declared by themselves ask the same of the same cluster in the same run: once is enough. */
const asked = new Map<string, Promise<GateResult>>();

/** `first`: nobody else of this run has been given these findings, so they are the asker's to tell. */
export async function upgradeGate(request: GateRequest): Promise<{ result: GateResult; first: boolean }> {
  const key = `${request.clusterId} ${request.to}`;
  const known = asked.get(key);
  const result = known ?? look(request);
  asked.set(key, result);
  return { result: await result, first: known === undefined };
}

async function look({ clusterId, to, reach, timeouts, progress, ...settings }: GateRequest): Promise<GateResult> {
  const wish: UpgradeWish = {
    to,
    maxUnavailable: settings.maxUnavailable,
    onBlocked: onBlocked(settings.onBlocked),
  };
  try {
    return await withControlPlane({ reach, timeouts, progress }, async (peer) => {
      const record = await recordOf(peer, clusterId);
      if (!record)
        return { nobody: new UnreachableError(`${peer.host.label}: no cluster of this program is complete here`) };
      const view = await lookAtCluster(peer, record, wish, progress);
      const away = view.nodes.filter(({ notReady }) => notReady !== undefined);
      return { findings: judgeCluster(view, wish), notReady: new Set(away.map(({ name }) => name)) };
    });
  } catch (error) {
    if (error instanceof UnreachableError) return { nobody: error };
    throw error;
  }
}

/** Whether the cluster is there already; undefined when nobody could be asked. */
export async function clusterIsThere(
  request: Pick<GateRequest, "clusterId" | "reach" | "timeouts" | "progress">,
): Promise<boolean | undefined> {
  const { clusterId, ...reach } = request;
  try {
    return await withControlPlane(
      { ...reach, readyMs: 0 },
      async (peer) => (await recordOf(peer, clusterId)) !== undefined,
    );
  } catch (error) {
    if (error instanceof UnreachableError) return undefined;
    throw error;
  }
}
