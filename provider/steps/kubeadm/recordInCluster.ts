// Tells the cluster about the node before it joins: serving certificates are approved only for machines in this record.
import { recordNode } from "../node/clusterRecord";
import type { Step } from "../step";
import type { ClusterContext } from "./context";
import { nodeRecord } from "./wanted";

export const recordInCluster: Step<ClusterContext> = {
  title: "record the node in the cluster",
  run: ({ kubectl, plan }) => recordNode(kubectl, plan.name, nodeRecord(plan)),
};
