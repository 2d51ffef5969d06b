import type { ClusterContext } from "../kubeadm/context";
import type { Step } from "../step";
import { placeFront } from "./place";
import { withThoseThatLeave } from "./speakers";

/** On a host that joins; its own API server is not there yet, so it holds nothing before it has joined. */
export const joinFront: Step<ClusterContext> = {
  title: "prepare the API's virtual address",
  when: ({ plan }) => plan.front !== undefined,
  run: async (context) => {
    const { plan, kubectl } = context;
    if (plan.front === undefined) return;
    const front = await withThoseThatLeave(plan.front, kubectl);
    await placeFront({ ...context, plan: { ...plan, front } }, "admin.conf");
  },
};
