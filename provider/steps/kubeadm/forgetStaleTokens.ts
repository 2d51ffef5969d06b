// A join that was killed could not delete its token; whoever goes on with the node does it.
import type { Step } from "../step";
import { forgetTokensOf } from "./bootstrapToken";
import type { ClusterContext } from "./context";

export const forgetStaleTokens: Step<ClusterContext> = {
  title: "delete tokens of earlier joins",
  run: ({ kubectl, plan }) => forgetTokensOf(kubectl, plan.name),
};
