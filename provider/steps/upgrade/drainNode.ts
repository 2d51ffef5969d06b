// Pods leave as their budgets allow. A node that could not be emptied was only cordoned: it takes pods again.
import { deadline } from "../../kubeadm/spec";
import { drain } from "../node/drain";
import type { Step } from "../step";
import { clearAside } from "./aside";
import type { UpgradeContext } from "./context";
import { drainDue, kubeletDue } from "./due";

export const drainNode: Step<UpgradeContext> = {
  title: "drain the node",
  when: ({ plan, found }) => drainDue(found, plan) && kubeletDue(found, plan),
  run: async ({ kubectl, plan, progress }) => {
    const { name, timeouts, drain: wish } = plan;
    const { onBlocked, gracePeriod } = wish ?? {};
    try {
      await drain(kubectl, { node: name, timeoutMs: deadline(timeouts, "drain"), progress, onBlocked, gracePeriod });
    } catch (error) {
      await clearAside(kubectl, name).catch((second: unknown) => {
        // The first failure is the one to see; the mark on the Node tells the next run to uncordon it.
        progress.warn(`${name} stays cordoned: ${second instanceof Error ? second.message : String(second)}`);
      });
      throw error;
    }
  },
};
