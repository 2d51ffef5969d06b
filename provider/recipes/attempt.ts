// One try at bringing a node up: what is known from the state, and whether the host was changed yet.
import type { Soonest } from "../kubeadm/certificates";
import type { Progress } from "../lib/progress";

export interface Attempt {
  readonly progress: Progress;
  /** The state says that this node is part of the cluster. */
  readonly joined: boolean;
  /** From here on a failure keeps the resource in the state. */
  begun: boolean;
  /** The control planes were found well and a backup lies there: once for all changes of a control plane in one run. */
  gated?: boolean;
  /** Of the kubelet that was seen last: true also after a failure. */
  nodeVersion?: string | undefined;
  /** Of a control plane: its certificate that ends first. */
  certificate?: Soonest | undefined;
}
