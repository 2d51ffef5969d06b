// The gate before changes of a control plane that is part of the cluster: asked once, when the first of them is due.
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
  await beforeControlPlaneChange({ kubectl, host, name }, request);
  attempt.gated = true;
  attempt.begun = true;
}
