// A node that was given up, as its device or agent was off, and is Ready after all: a removal that stopped on its way.
import type { Kubectl } from "../../host/kubectl";
import type { KubeObject } from "../../host/kubeObject";
import type { Taint } from "../../kubeadm/spec";
import { outOfService } from "../node/emptyDead";
import type { Step } from "../step";
import type { AgentContext } from "./context";
import { nodesNamed } from "./nodesNamed";

export const letPodsIn: Step<AgentContext> = {
  title: "let pods in again",
  run: async ({ kubectl, nodes }) => {
    for (const node of await nodesNamed(kubectl, nodes)) if (givenUp(node)) await open(kubectl, node);
  },
};

function taintsOf({ spec }: KubeObject): Taint[] {
  return (spec as { taints?: Taint[] } | undefined)?.taints ?? [];
}

function givenUp(node: KubeObject): boolean {
  return taintsOf(node).some(({ key }) => key === outOfService.key);
}

/** With its version: a taint that somebody gives it meanwhile is not lost, the next run does this again. */
async function open(kubectl: Kubectl, node: KubeObject): Promise<void> {
  const { name, resourceVersion } = node.metadata;
  const taints = taintsOf(node).filter(({ key }) => key !== outOfService.key);
  await kubectl.patch(
    { type: "nodes", name },
    { metadata: { resourceVersion }, spec: { unschedulable: null, taints } },
  );
}
