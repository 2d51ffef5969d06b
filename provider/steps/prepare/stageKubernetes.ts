import type { Step } from "../step";
import type { PrepareContext } from "./context";
import { missingArtifacts, stageMissing } from "./installKubernetes";

/** Sent ahead, while the runtime unpacks: neither the line nor the processor then waits for the other. */
export const stageKubernetes: Step<PrepareContext> = {
  title: "send Kubernetes programs",
  when: (context) => missingArtifacts(context, context.plan.kubernetes).length > 0,
  async run(context) {
    context.staged = [...(context.staged ?? []), ...(await stageMissing(context, context.plan.kubernetes))];
  },
};
