// A simulation that gets fewer nodes: those leave empty, while the agent that ends their pods still runs.
import { deadline } from "../../kubeadm/spec";
import { certificatesOf, simulatedDirectory } from "../../kubeadm/virtualKubelet/names";
import { emptyDead } from "../node/emptyDead";
import type { Step } from "../step";
import type { AgentContext } from "./context";
import { emptyNodes } from "./emptyNodes";
import { forgetVirtualNodes } from "./forgetVirtualNodes";

export const emptySurplus: Step<AgentContext> = {
  title: "empty the nodes that leave",
  when: ({ surplus }) => surplus.length > 0,
  run: async ({ kubectl, plan, surplus, survey, progress }) => {
    if (survey.active) {
      await emptyNodes(kubectl, { plan, nodes: surplus, progress });
      return;
    }
    // Without an agent nobody would confirm the end of any pod.
    for (const node of surplus) await emptyDead(kubectl, node, progress);
  },
};

/** After the agent has started without them. */
export const forgetSurplus: Step<AgentContext> = {
  title: "forget the nodes that left",
  when: ({ surplus }) => surplus.length > 0,
  run: async ({ host, kubectl, plan, surplus }) => {
    await forgetVirtualNodes(kubectl, surplus, deadline(plan.timeouts, "command"));
    const own = surplus.flatMap((node) => [
      ...(node === plan.name ? [] : [certificatesOf(plan.name, node)]),
      `${simulatedDirectory(plan.name)}/${node}`,
    ]);
    await host.run(["rm", "-rf", ...own]);
  },
};
