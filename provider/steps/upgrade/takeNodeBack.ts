// The node takes pods again. Before its moved workloads are waited for: one that wants a pod on every node has nowhere else to go.
import type { Step } from "../step";
import { takeBack } from "./aside";
import type { UpgradeContext } from "./context";
import { drainDue } from "./due";

export const takeNodeBack: Step<UpgradeContext> = {
  title: "uncordon the node",
  when: ({ plan, found }) => drainDue(found, plan),
  run: ({ kubectl, plan }) => takeBack(kubectl, plan.name),
};
