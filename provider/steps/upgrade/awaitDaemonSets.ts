// DaemonSets have their pods on the node back: its network, its storage and its logs are theirs.
import { deadline } from "../../kubeadm/spec";
import type { Step } from "../step";
import { asideOf } from "./aside";
import type { UpgradeContext } from "./context";
import { drainDue } from "./due";
import { daemonsMissing } from "./owed";
import { until } from "./until";

export const awaitDaemonSets: Step<UpgradeContext> = {
  title: "wait for the node's DaemonSets",
  when: ({ plan, found }) => drainDue(found, plan),
  run: async ({ kubectl, plan: { name, timeouts }, progress }) => {
    const node = await kubectl.get({ type: "nodes", name });
    const { daemons = [] } = (node && asideOf(node)) ?? {};
    await until({ what: name, timeoutMs: deadline(timeouts, "ready"), progress }, async () =>
      daemonsMissing(
        daemons,
        await kubectl.list({ type: "pods", allNamespaces: true, fields: `spec.nodeName=${name}` }),
      ),
    );
  },
};
