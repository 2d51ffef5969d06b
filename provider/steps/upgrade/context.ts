// What the steps of an upgrade know of the node they change.
import type { ClusterContext } from "../kubeadm/context";
import type { Found } from "./found";

export interface UpgradeContext extends ClusterContext {
  /** As it was when this run looked. */
  readonly found: Found;
}
