// A node that was given up, as its device or agent was off, and is Ready after all: a removal that stopped on its way.
import type { Kubectl } from "../../host/kubectl";
import type { KubeObject } from "../../host/kubeObject";
import { outOfService } from "../node/emptyDead";
import { taintsOf } from "../node/meta";
import { patchNode } from "../node/patchNode";

export async function letPodsIn(kubectl: Kubectl, listed: readonly KubeObject[]): Promise<void> {
  for (const node of listed) if (opened(node)) await patchNode(kubectl, node.metadata.name, opened);
}

/** With its version, so that a taint that somebody gives it meanwhile is not lost. */
function opened(node: KubeObject): object | undefined {
  const { resourceVersion } = node.metadata;
  const given = taintsOf(node);
  const taints = given.filter(({ key }) => key !== outOfService.key);
  if (taints.length === given.length) return undefined;
  return { metadata: { resourceVersion }, spec: { unschedulable: null, taints } };
}
