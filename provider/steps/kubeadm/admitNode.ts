// A name that was taken out without its host is closed to everybody; from here on this machine may have it.
import { admitMachine } from "../node/removedNames";
import type { Step } from "../step";
import type { ClusterContext } from "./context";

export const admitNode: Step<ClusterContext> = {
  title: "let the machine in under its name",
  run: ({ kubectl, plan }) => admitMachine(kubectl, plan.name, plan.target.machineId),
};
