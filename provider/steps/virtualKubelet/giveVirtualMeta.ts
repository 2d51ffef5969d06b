// What a node may not give itself, and what changes later: through a control plane, key by key.
import type { Kubectl } from "../../host/kubectl";
import type { KubeObject } from "../../host/kubeObject";
import { taintsOf } from "../../kubeadm/virtualKubelet/documents";
import { ownLabels, virtualType } from "../../kubeadm/virtualKubelet/names";
import { Gate } from "../../lib/limit";
import { metaPatch, type NodeMeta } from "../node/meta";
import { nodeMeta } from "../node/nodeMeta";
import type { Step } from "../step";
import type { AgentContext, VirtualPlan } from "./context";

const atOnce = 8;

export const giveVirtualMeta: Step<AgentContext> = {
  title: "set labels, taints and annotations",
  run: async ({ kubectl, plan, nodes }) => {
    const wanted = virtualMeta(plan);
    const due = await differing(kubectl, nodes, wanted);
    const gate = new Gate(atOnce);
    await Promise.all(due.map((node) => gate.run(() => nodeMeta(kubectl, node, wanted))));
  },
};

export function virtualMeta({ provider, providerTaint, labels, taints, annotations }: VirtualPlan): NodeMeta {
  return { labels: { ...ownLabels, ...labels }, taints: taintsOf({ provider, providerTaint, taints }), annotations };
}

/** One look at all of them: hundreds of simulated nodes are mostly as they should be. */
async function differing(kubectl: Kubectl, nodes: readonly string[], wanted: NodeMeta): Promise<string[]> {
  const listed = await kubectl.list({ type: "nodes", labels: `${virtualType.key}=${virtualType.value}` });
  const byName = new Map(listed.map((node): [string, KubeObject] => [node.metadata.name, node]));
  return nodes.filter((name) => {
    const node = byName.get(name);
    return node === undefined || metaPatch(node, wanted) !== undefined;
  });
}
