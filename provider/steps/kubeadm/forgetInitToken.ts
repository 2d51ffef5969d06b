// kubeadm init always makes a bootstrap token, good for a day; joins get their own, so nobody needs it.
import type { Step } from "../step";
import { forgetTokens } from "./bootstrapToken";
import type { ClusterContext } from "./context";

export const forgetInitToken: Step<ClusterContext> = {
  title: "delete the token that init made",
  run: ({ kubectl }) => forgetTokens(kubectl),
};
