import { deadline } from "../../kubeadm/spec";
import type { ClusterContext } from "../kubeadm/context";
import type { Step } from "../step";
import { placeFront } from "./place";
import { proveFront } from "./prove";
import { withThoseThatLeave } from "./speakers";

/** Where the cluster has a virtual address; one that is given up is taken away by whoever moved the cluster off it. */
export const convergeFront: Step<ClusterContext> = {
  title: "converge the API's virtual address",
  when: ({ plan }) => plan.front !== undefined,
  run: async (context) => {
    const { host, plan, kubectl } = context;
    if (plan.front === undefined) return;
    const front = await withThoseThatLeave(plan.front, kubectl);
    await placeFront({ ...context, plan: { ...plan, front } }, "admin.conf");
    await proveFront(host, plan.front, deadline(plan.timeouts, "ready"));
  },
};
