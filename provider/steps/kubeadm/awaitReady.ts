// The proof of an init or a join: the Node is Ready with its version and the CNI runs on it.
import { deadline } from "../../kubeadm/spec";
import { waitNodeReady } from "../node/waitNodeReady";
import type { Step } from "../step";
import type { ClusterContext } from "./context";

export const awaitReady: Step<ClusterContext> = {
  title: "wait until the node is ready",
  run: async ({ kubectl, plan, progress }) => {
    await waitNodeReady(kubectl, {
      node: plan.name,
      kubernetesVersion: plan.kubernetesVersion,
      cni: plan.network.cni === "none" ? "none" : "flannel",
      timeoutMs: deadline(plan.timeouts, "ready"),
      progress,
    });
  },
};
