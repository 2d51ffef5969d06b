import { deadline } from "../../kubeadm/spec";
import type { NodeContext } from "../kubeadm/context";
import type { Step } from "../step";
import { placeFront } from "./place";
import { proveFront } from "./prove";

/** Where the cluster has a virtual address; one that is given up is taken away by whoever moved the cluster off it. */
export const convergeFront: Step<NodeContext> = {
  title: "converge the API's virtual address",
  when: ({ plan }) => plan.front !== undefined,
  run: async (context) => {
    const { host, plan } = context;
    await placeFront(context, "admin.conf");
    if (plan.front) await proveFront(host, plan.front, deadline(plan.timeouts, "ready"));
  },
};
