// Writes down what all nodes share; a control plane that joins was given it and does not change it.
import type { Step } from "../step";
import { sharedOf, writeShared } from "./applied";
import type { ClusterContext } from "./context";

export const rememberShared: Step<ClusterContext> = {
  title: "remember what the cluster was given",
  run: ({ kubectl, plan }) => writeShared(kubectl, sharedOf(plan)),
};
