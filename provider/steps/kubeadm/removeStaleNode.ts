// A Node object of an earlier life of this machine: kubeadm refuses to join beside one that still looks Ready.
import { deadline } from "../../kubeadm/spec";
import { deleteNode } from "../node/deleteNode";
import { emptyDead, forgetPods } from "../node/emptyDead";
import type { Step } from "../step";
import type { JoinContext } from "./context";

export const removeStaleNode: Step<JoinContext> = {
  title: "delete the Node of an earlier life",
  when: ({ stale }) => stale,
  run: async ({ kubectl, plan, progress }) => {
    // Nothing of it runs any more on this machine, whatever the cluster still believes.
    await emptyDead(kubectl, plan.name, progress);
    await deleteNode(kubectl, plan.name, deadline(plan.timeouts, "command"));
    await forgetPods(kubectl, plan.name);
  },
};
