// Whoever lost pods to the drain has as many ready ones again: a Ready node says nothing of them, and the next drain takes more.
import { deadline } from "../../kubeadm/spec";
import type { Step } from "../step";
import { asideOf, clearAside } from "./aside";
import type { UpgradeContext } from "./context";
import { stillOwed } from "./owed";
import { ownerOf } from "./ownerOf";
import { until } from "./until";

export const awaitMoved: Step<UpgradeContext> = {
  title: "wait for the workloads that moved",
  run: async ({ kubectl, plan: { name, timeouts }, progress }) => {
    const node = await kubectl.get({ type: "nodes", name });
    const { moved = [] } = (node && asideOf(node)) ?? {};
    await until(
      { what: `workloads moved from ${name}`, timeoutMs: deadline(timeouts, "ready"), progress },
      async () => {
        const found = await Promise.all(moved.map(async (owed) => stillOwed(owed, await ownerOf(kubectl, owed))));
        return found.filter((reason) => reason !== undefined);
      },
    );
    await clearAside(kubectl, name);
  },
};
