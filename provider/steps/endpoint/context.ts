// What the steps of a move are told beyond the node's own plan.
import type { ClusterContext } from "../kubeadm/context";

export interface MoveContext extends ClusterContext {
  /** Where the cluster's API is found until the move is over. */
  readonly former: string;
}
