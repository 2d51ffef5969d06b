// kubeadm init always makes a bootstrap token, good for a day; joins get their own, so nobody needs it.
import type { Step } from "../step";
import type { ClusterContext } from "./context";

export const forgetInitToken: Step<ClusterContext> = {
  title: "delete the token that init made",
  run: async ({ kubectl }) => {
    const query = { type: "secrets", namespace: "kube-system", fields: "type=bootstrap.kubernetes.io/token" };
    for (const { metadata } of await kubectl.list(query))
      await kubectl.delete({ apiVersion: "v1", kind: "Secret", namespace: "kube-system", name: metadata.name });
  },
};
