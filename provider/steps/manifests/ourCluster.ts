// The cluster that answers has to be the one that the program means: an address may have been given to another one.
import type { Kubectl } from "../../host/kubectl";
import { RefusedError } from "../../lib/errors";
import { readClusterRecord } from "../node/clusterRecord";

export async function ourCluster(kubectl: Kubectl, clusterId: string): Promise<void> {
  const record = await readClusterRecord(kubectl);
  if (record?.clusterId === clusterId) return;
  throw new RefusedError(
    `${kubectl.label}: the cluster that answers is not the one of this program (${record ? record.clusterId : "it carries no id of ours"})`,
    "correct the connections of the control planes.",
  );
}
