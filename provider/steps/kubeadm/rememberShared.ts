// Writes down what all nodes share; a control plane that joins was given it and does not change it.
import type { Step } from "../step";
import { readShared, sharedOf, writeShared } from "./applied";
import type { ClusterContext } from "./context";

export const rememberShared: Step<ClusterContext> = {
  title: "remember what the cluster was given",
  run: async ({ kubectl, plan }) => {
    const { "kube-proxy": kubeProxy, ...others } = sharedOf(plan);
    // An init brought it; afterwards only the step that rolls it knows how far it is.
    const fresh = (await readShared(kubectl, "kube-proxy")) === undefined;
    await writeShared(kubectl, fresh ? { ...others, "kube-proxy": kubeProxy } : others);
  },
};
