// The last act of an init: a cluster with this marker is adopted and never made again.
import { readClusterRecord, recordNode, writeClusterRecord } from "../node/clusterRecord";
import type { Step } from "../step";
import type { ClusterContext } from "./context";
import { nodeRecord } from "./wanted";

export const markComplete: Step<ClusterContext> = {
  title: "mark the cluster as complete",
  run: async ({ kubectl, plan }) => {
    const record = nodeRecord(plan);
    const known = await readClusterRecord(kubectl);
    // Where the marker is, the node only adds itself: applying it again would take the first node's entry away.
    if (known?.clusterId === plan.clusterId) await recordNode(kubectl, plan.name, record);
    else await writeClusterRecord(kubectl, plan.clusterId, { name: plan.name, record });
  },
};
