// Writes down where this node finds the API, for whoever is the last to move.
import type { ClusterContext } from "../kubeadm/context";
import type { Step } from "../step";
import { rememberEndpoints } from "./clusterEndpoint";

export const rememberEndpoint: Step<ClusterContext> = {
  title: "remember where the node finds the API",
  run: ({ kubectl, plan: { name, endpoint, role, front } }) =>
    rememberEndpoints(kubectl, {
      node: { name, endpoint },
      ...(role === "controlPlane" ? { frontless: front === undefined } : {}),
    }),
};

/** The first control plane's: what all nodes run is made with it. */
export const rememberFirstEndpoint: Step<ClusterContext> = {
  title: "remember the cluster's endpoint",
  run: ({ kubectl, plan: { name, endpoint } }) =>
    rememberEndpoints(kubectl, { node: { name, endpoint }, shared: endpoint }),
};
