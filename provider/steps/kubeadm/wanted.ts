// What a node shall carry, and what the cluster is told about it. Pure.
import { controlPlaneRole } from "../../kubeadm/names";
import type { NodeRecord } from "../node/clusterRecord";
import type { NodeMeta } from "../node/meta";
import type { NodePlan } from "./context";

const noPods = { key: controlPlaneRole, effect: "NoSchedule" } as const;

/** kubeadm marks a control plane at its end; wanted here too, so that a mark that was lost comes back. */
export function wantedMeta({ role, schedulable, labels, taints, annotations }: NodePlan): NodeMeta {
  if (role === "worker") return { labels, taints, annotations };
  const marks = { [controlPlaneRole]: "", "node.kubernetes.io/exclude-from-external-load-balancers": "" };
  const mark =
    schedulable || taints.some(({ key, effect }) => key === noPods.key && effect === noPods.effect) ? [] : [noPods];
  return { labels: { ...marks, ...labels }, taints: [...mark, ...taints], annotations };
}

export function nodeRecord({ role, target }: NodePlan): NodeRecord {
  const addresses = target.address.split(",").map((address) => address.trim());
  return { addresses, machineId: target.machineId, role: role === "worker" ? "worker" : "control-plane" };
}
