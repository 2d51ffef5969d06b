// What a node may not give itself, and what changes later: through a control plane, key by key.
import type { KubeObject } from "../../host/kubeObject";
import { platformOf, taintsOf } from "../../kubeadm/virtualKubelet/documents";
import { ownLabels } from "../../kubeadm/virtualKubelet/names";
import { Gate } from "../../lib/limit";
import { metaPatch, type NodeMeta } from "../node/meta";
import { nodeMeta } from "../node/nodeMeta";
import type { Step } from "../step";
import type { AgentContext, VirtualPlan } from "./context";
import { letPodsIn } from "./letPodsIn";
import { nodesNamed } from "./nodesNamed";

const atOnce = 8;

export const giveVirtualMeta: Step<AgentContext> = {
  title: "set labels, taints and annotations",
  run: async ({ kubectl, plan, nodes }) => {
    const wanted = virtualMeta(plan);
    const listed = await nodesNamed(kubectl, nodes);
    await letPodsIn(kubectl, listed);
    const { same, single } = differing(listed, nodes, wanted);
    for (const [patch, names] of same) await kubectl.patchAll("nodes", names, JSON.parse(patch));
    const gate = new Gate(atOnce);
    await Promise.all(single.map((node) => gate.run(() => nodeMeta(kubectl, node, wanted))));
  },
};

export function virtualMeta(plan: VirtualPlan): NodeMeta {
  const { provider, providerTaint, labels, taints, annotations } = plan;
  return {
    labels: { ...ownLabels, ...platformLabels(plan), ...labels },
    taints: taintsOf({ provider, providerTaint, taints }),
    annotations,
  };
}

/** A node says them when it registers and never again. The architecture of a container runtime is its machine's, which stays. */
function platformLabels({ provider, ...plan }: VirtualPlan): Record<string, string> {
  const { os, arch } = platformOf(plan);
  return Object.fromEntries(
    ["kubernetes.io", "beta.kubernetes.io"].flatMap((group) => [
      [`${group}/os`, os],
      ...(provider.cri === undefined ? [[`${group}/arch`, arch]] : []),
    ]),
  );
}

interface Differing {
  /** Names by the text of the patch: hundreds of simulated nodes differ in the same way, or not at all. */
  same: Map<string, string[]>;
  /** Their taints changed, which is a patch for one version of one node. */
  single: string[];
}

function differing(listed: readonly KubeObject[], nodes: readonly string[], wanted: NodeMeta): Differing {
  const byName = new Map(listed.map((node): [string, KubeObject] => [node.metadata.name, node]));
  const found: Differing = { same: new Map(), single: [] };
  for (const name of nodes) {
    const node = byName.get(name);
    const patch = node && metaPatch(node, wanted);
    if (node !== undefined && patch === undefined) continue;
    if (patch === undefined || "spec" in patch) {
      found.single.push(name);
      continue;
    }
    const text = JSON.stringify(patch);
    const alike = found.same.get(text);
    if (alike === undefined) found.same.set(text, [name]);
    else alike.push(name);
  }
  return found;
}
