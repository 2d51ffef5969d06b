// Writes down what this node and the cluster have now, at the end: a run that died before compares and acts again.
import type { Step } from "../step";
import { sharedOf, writeApplied, writeShared } from "./applied";
import type { ClusterContext } from "./context";

export const rememberApplied: Step<ClusterContext> = {
  title: "remember what was applied",
  run: async ({ host, kubectl, plan }) => {
    await writeApplied(host, plan);
    if (plan.role === "controlPlane") await writeShared(kubectl, sharedOf(plan));
  },
};
