// How a node registers: its name, address, labels and taints, as the kubelet is told them.
import { controlPlaneRole, registrationLabels } from "./names";
import { ownedFlagReason } from "./owned";
import { criSocket, type NodePlan } from "./plan";
import type { Problem } from "./problem";
import type { Arg, NodeRegistration, NodeTaint } from "./types";

export function nodeRegistration(node: NodePlan): NodeRegistration {
  const ignored = node.ignorePreflightErrors ?? [];
  return {
    name: node.name,
    criSocket,
    // Present even when empty: kubeadm adds the control-plane taint where nothing is said.
    taints: registrationTaints(node),
    kubeletExtraArgs: kubeletArgs(node),
    ...(ignored.length === 0 ? {} : { ignorePreflightErrors: [...ignored] }),
  };
}

/** The user's taints, after kubeadm's own on a control plane that takes no ordinary pods. */
export function registrationTaints(node: Pick<NodePlan, "role" | "schedulable" | "taints">): NodeTaint[] {
  const reserved = node.role === "controlPlane" && !node.schedulable;
  const own = (node.taints ?? []).map(({ key, value, effect }) => ({
    key,
    ...(value === undefined ? {} : { value }),
    effect,
  }));
  const said = own.some(({ key, effect }) => key === controlPlaneRole && effect === "NoSchedule");
  return reserved && !said ? [{ key: controlPlaneRole, effect: "NoSchedule" }, ...own] : own;
}

/** Sorted, so that the same program writes the same file. */
function kubeletArgs(node: NodePlan): Arg[] {
  const labels = Object.entries(registrationLabels(node.labels ?? {}));
  const args = {
    ...node.kubeletExtraArgs,
    "node-ip": node.addresses.join(","),
    ...(labels.length === 0
      ? {}
      : {
          "node-labels": labels
            .map(([key, value]) => `${key}=${value}`)
            .sort()
            .join(","),
        }),
    ...(node.providerId === undefined ? {} : { "provider-id": node.providerId }),
  };
  return Object.entries(args)
    .map(([name, value]) => ({ name, value }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The flags that come from the node's other arguments cannot be given again. */
export function kubeletArgProblems(node: Pick<NodePlan, "kubeletExtraArgs">, path = "kubeletExtraArgs"): Problem[] {
  return Object.keys(node.kubeletExtraArgs ?? {}).flatMap((name) => {
    const reason = ownedFlagReason(name);
    return reason === undefined ? [] : [{ path, reason }];
  });
}
