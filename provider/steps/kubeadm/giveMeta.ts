// Labels, taints and annotations of the program, key by key.
import { nodeMeta } from "../node/nodeMeta";
import type { Step } from "../step";
import type { ClusterContext } from "./context";
import { wantedMeta } from "./wanted";

export const giveMeta: Step<ClusterContext> = {
  title: "set labels, taints and annotations",
  run: ({ kubectl, plan }) => nodeMeta(kubectl, plan.name, wantedMeta(plan)),
};
