// A join that was killed could not delete its token, nor a control plane's the certificates; whoever goes on with the node does it.
import type { Step } from "../step";
import { forgetTokensOf } from "./bootstrapToken";
import type { ClusterContext } from "./context";
import { forgetCertificates } from "./uploadedCertificates";

export const forgetStaleTokens: Step<ClusterContext> = {
  title: "delete tokens of earlier joins",
  run: async ({ kubectl, plan }) => {
    await forgetTokensOf(kubectl, plan.name);
    // Control planes come one after the other, so these are of no join that is at work.
    if (plan.role === "controlPlane") await forgetCertificates(kubectl);
  },
};
