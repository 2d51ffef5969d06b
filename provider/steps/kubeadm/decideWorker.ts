// Whether a worker is adopted or joined. Pure, like decide.
import { isLeftover, stillOther, type Testimony } from "./leftover";

export interface WorkerObservations {
  clusterId: string;
  name: string;
  address: string;
  own: {
    claim: string | undefined;
    /** The state or the journal says that this node was part of the cluster once. */
    joined: boolean;
    /** Files of a node that are there, e.g. "/etc/kubernetes/kubelet.conf". */
    parts: readonly string[];
    /** Its CA certificate is the living cluster's. */
    sameCluster: boolean;
    machineId?: string | undefined;
    /** The node it was before this program gave it another name. */
    was?: string | undefined;
  };
  /** What the living cluster says of nodes that were taken out. */
  cluster?: Testimony | undefined;
  /** The Node object under this name. */
  node: { addresses: readonly string[]; ready: boolean } | undefined;
}

export type WorkerDecision =
  | { action: "adopt" }
  /** `stale`: a Node object of an earlier life of this machine is deleted first */
  | { action: "join"; reset: boolean; stale: boolean }
  | { action: "refuse"; reason: string; remedy: string };

export const kubeletConf = "/etc/kubernetes/kubelet.conf";
const bootstrapConf = "/etc/kubernetes/bootstrap-kubelet.conf";
const controlPlaneParts = [
  "/etc/kubernetes/admin.conf",
  "/etc/kubernetes/manifests/kube-apiserver.yaml",
  "/var/lib/etcd/member",
];

export function decideWorker(seen: WorkerObservations): WorkerDecision {
  const { clusterId, name, address, own, node, cluster = {} } = seen;
  if (own.claim !== undefined && own.claim !== clusterId)
    return refuse(`${name} was prepared for another cluster (${own.claim})`, "remove it from that cluster first");
  if (own.claim === undefined && own.parts.length > 0)
    return refuse(
      `${name} holds parts of a cluster that this program did not make (${own.parts.join(", ")})`,
      "run `kubeadm reset` on it if that cluster is no longer needed",
    );
  // Whatever it was before, a control plane too: the cluster has given it up.
  if (isLeftover(cluster, { name, was: own.was, machineId: own.machineId }))
    return { action: "join", reset: own.parts.length > 0, stale: node !== undefined };
  if (own.was !== undefined && own.parts.length > 0) {
    const { reason, remedy } = stillOther(name, own.was);
    return refuse(reason, remedy);
  }
  const master = own.parts.find((part) => controlPlaneParts.includes(part));
  if (master)
    return refuse(
      `${name} holds a control plane (${master})`,
      "remove it as a control plane first, then add it as a worker",
    );
  const here = node?.addresses.includes(address) ?? false;
  // A Node of the same name elsewhere is another machine: taking its name would throw its pods away.
  if (node?.ready && !here)
    return refuse(
      `the cluster has a Ready node named ${name} at ${node.addresses.join(", ")}, this machine has ${address}`,
      "give one of the two another name",
    );
  const whole =
    own.parts.includes(kubeletConf) && own.sameCluster && (own.joined || !own.parts.includes(bootstrapConf));
  if (whole && (here || own.joined)) return { action: "adopt" };
  return { action: "join", reset: own.parts.length > 0, stale: node !== undefined };
}

function refuse(reason: string, remedy: string): WorkerDecision {
  return { action: "refuse", reason, remedy };
}
