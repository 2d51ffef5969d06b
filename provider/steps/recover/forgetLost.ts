// The lost control planes' Nodes and entries: what is bound to them is set free, and the approver trusts their addresses no more.
import type { Kubectl } from "../../host/kubectl";
import { forgetNode, readClusterRecord } from "../node/clusterRecord";
import { deleteNode } from "../node/deleteNode";
import { denyName } from "../node/removedNames";
import type { Step } from "../step";
import type { RecoverContext } from "./context";

const label = "node-role.kubernetes.io/control-plane";

export const forgetLost: Step<RecoverContext> = {
  title: "delete the lost control planes' Nodes",
  run: async ({ kubectl, plan, progress }) => {
    for (const name of await lostControlPlanes(kubectl, plan.node)) {
      progress.say(`deleting node ${name}`);
      // First, so that the kubelet of one that is switched on after all does not register again.
      await denyName(kubectl, name);
      await deleteNode(kubectl, name, 60_000);
      await forgetNode(kubectl, name);
    }
  },
};

async function lostControlPlanes(kubectl: Kubectl, own: string): Promise<string[]> {
  const [nodes, record] = await Promise.all([
    kubectl.list({ type: "nodes", labels: label }),
    readClusterRecord(kubectl),
  ]);
  const recorded = Object.entries(record?.nodes ?? {}).filter(([, { role }]) => role === "control-plane");
  const names = new Set([...nodes.map(({ metadata }) => metadata.name), ...recorded.map(([name]) => name)]);
  return [...names].filter((name) => name !== own).sort();
}
