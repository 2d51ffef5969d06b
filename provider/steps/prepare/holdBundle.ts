import type { Step } from "../step";
import type { PrepareContext } from "./context";
import { stageOptions } from "./installKubernetes";

/** On the host that the others fetch from: the whole bundle, before it installs from it itself. */
export const holdBundle: Step<PrepareContext> = {
  title: "take in the bundle",
  when: ({ supply }) => supply.hold !== undefined,
  run: async (context) => context.supply.hold?.(context.host, stageOptions(context, "transfer")),
};
