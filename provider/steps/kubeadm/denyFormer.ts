// The machine under this name is another one now. Should the former come back, its kubelet has to stay out.
import { denyName } from "../node/removedNames";
import type { Step } from "../step";
import type { JoinContext } from "./context";

export const denyFormer: Step<JoinContext> = {
  title: "keep the former machine out",
  when: ({ plan }) => plan.formerMachine !== undefined,
  run: ({ kubectl, plan }) => denyName(kubectl, plan.name),
};
