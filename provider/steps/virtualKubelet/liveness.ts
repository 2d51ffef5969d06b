// Whether somebody is there who ends the pods of a virtual node when they are deleted.
import type { Kubectl } from "../../host/kubectl";
import type { KubeObject } from "../../host/kubeObject";
import { condition } from "../node/nodeState";
import { nodesNamed } from "./nodesNamed";

/** "silent": no agent reports; its pods are nobody's, though they may run. "device gone": the agent lives and says so of its device. */
export type Liveness = "alive" | "device gone" | "silent";

/** What the agent calls it. */
export const deviceUnreachable = "DeviceUnreachable";

export async function livenessOf(kubectl: Kubectl, names: readonly string[]): Promise<Liveness> {
  return judgeLiveness(await nodesNamed(kubectl, names));
}

/** One agent, one place: what is true of one of its nodes is true of all. */
export function judgeLiveness(nodes: readonly KubeObject[]): Liveness {
  const ready = nodes.map((node) => condition(node, "Ready"));
  if (ready.some((found) => found?.status === "False" && found.reason === deviceUnreachable)) return "device gone";
  return ready.some((found) => found?.status === "True") ? "alive" : "silent";
}
