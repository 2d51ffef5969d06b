// The gate before changes of a control plane that is part of the cluster: asked once, when the first of them is due.
import { handOver } from "../steps/etcd/leadership";
import type { ClusterContext } from "../steps/kubeadm/context";
import type { Attempt } from "./attempt";
import { beforeControlPlaneChange, type ControlPlaneChange } from "./controlPlaneGate";

export async function gate(
  { host, kubectl, plan, progress }: ClusterContext,
  attempt: Attempt,
  change: ControlPlaneChange["change"],
): Promise<void> {
  if (attempt.gated) return;
  const { name, target } = plan;
  const request = { change, node: name, address: target.address, plan, progress };
  const peer = { kubectl, host, name };
  await beforeControlPlaneChange(peer, request);
  // A changed endpoint restarts the API server alone.
  if (change !== "endpoint") await handOver(peer, { name, address: target.address, progress });
  attempt.gated = true;
  attempt.begun = true;
}
