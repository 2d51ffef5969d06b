// The Node object as the decision about a worker needs it.
import type { Kubectl } from "../../host/kubectl";
import { condition } from "../node/nodeState";

export interface RegisteredNode {
  addresses: string[];
  ready: boolean;
}

export async function registeredNode(kubectl: Kubectl, name: string): Promise<RegisteredNode | undefined> {
  const node = await kubectl.get({ type: "nodes", name });
  if (!node) return undefined;
  const status = node.status as { addresses?: { type: string; address: string }[] } | undefined;
  const addresses = (status?.addresses ?? []).flatMap(({ type, address }) => (type === "InternalIP" ? [address] : []));
  return { addresses, ready: condition(node, "Ready")?.status === "True" };
}
