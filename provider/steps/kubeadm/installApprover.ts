// Serving certificates are renewed long after `up` has ended: a timer on the control plane approves them.
import { installApprover as install } from "../node/approver/install";
import type { Step } from "../step";
import type { NodeContext } from "./context";

export const installApprover: Step<NodeContext> = {
  title: "install the approver of serving certificates",
  run: ({ host }) => install(host),
};
