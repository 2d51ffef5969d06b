import type { Step } from "../step";
import type { PrepareContext } from "./context";
import { missingArtifacts, stageMissing } from "./installKubernetes";

/** On a node, before its turn: nobody waits for a transfer then. */
export const stageRuntime: Step<PrepareContext> = {
  title: "send container runtime",
  when: (context) => missingArtifacts(context, context.plan.runtime).length > 0,
  async run(context) {
    context.staged = [...(context.staged ?? []), ...(await stageMissing(context, context.plan.runtime))];
  },
};
