// A machine that comes back after its node was taken out without it: what it holds is a copy of nothing any more. Pure.
import { isRemoved, type RemovedNames } from "../../kubeadm/removed";

/** What a living control plane says about the nodes of the cluster. */
export interface Testimony {
  /** Names that were taken out without their host. */
  removed?: RemovedNames | undefined;
  nodes?: readonly string[] | undefined;
}

export interface Returned {
  name: string;
  /** The name it had as the node that was taken out; the own one when absent. */
  was?: string | undefined;
  machineId?: string | undefined;
}

/** As long as the Node is there its removal has not ended, and nothing on the machine is given up. */
export function isLeftover({ removed = {}, nodes = [] }: Testimony, { name, was, machineId = "" }: Returned): boolean {
  const held = was ?? name;
  return isRemoved(removed, held, machineId) && !nodes.includes(held);
}

/** Why a machine that was another node of this cluster is not to be had. */
export function stillOther(name: string, was: string): { reason: string; remedy: string } {
  return {
    reason: `the machine of ${name} is node ${was} of this cluster, and the cluster does not say that ${was} was taken out without it`,
    remedy: `take ${was} out of the program and run \`pulumi up\`, then add ${name}`,
  };
}
