// Gives a node its labels, taints and annotations.

import type { Kubectl } from "../../host/kubectl";
import { metaPatch, type NodeMeta } from "./meta";
import { patchNode } from "./patchNode";

/** `before`: what an earlier run gave it, for a node that does not carry our own note of it yet. */
export async function nodeMeta(kubectl: Kubectl, node: string, wanted: NodeMeta, before?: NodeMeta): Promise<void> {
  await patchNode(kubectl, node, (found) => metaPatch(found, wanted, before));
}
