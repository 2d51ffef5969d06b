// What the cluster knows of us: its id, written when init is complete, and every node's machine and addresses.
// The approver of serving certificates trusts this record, so a node is in it before it joins.

import type { Kubectl } from "../../host/kubectl";
import type { KubeObject } from "../../host/kubeObject";
import { RefusedError } from "../../lib/errors";

export interface NodeRecord {
  addresses: string[];
  machineId: string;
  role: "control-plane" | "worker" | "virtual";
}

export interface ClusterRecord {
  clusterId: string;
  nodes: Record<string, NodeRecord>;
  /** A destroy has begun: it cannot be told from removals by the deletes that follow. */
  ending: boolean;
}

const ref = { type: "configmaps", name: "pulumi-kubeadm", namespace: "kube-system" };
const prefix = "node.";

/** undefined: an init of ours was never completed here. */
export async function readClusterRecord(kubectl: Kubectl): Promise<ClusterRecord | undefined> {
  const found = await kubectl.get(ref);
  return found && parseRecord(found);
}

/** The last act of an init: from here on the cluster is adopted, never made again. */
export async function writeClusterRecord(
  kubectl: Kubectl,
  clusterId: string,
  first: { name: string; record: NodeRecord },
): Promise<void> {
  const known = await readClusterRecord(kubectl);
  if (known && known.clusterId !== clusterId) {
    throw new RefusedError(`${kubectl.label}: the cluster that answers here is another one (${known.clusterId})`);
  }
  const object = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: ref.name, namespace: ref.namespace },
    data: { clusterId, [prefix + first.name]: text(first.record) },
  };
  // Applied and patched entries have managers of their own, so that this never takes another node's entry away.
  await kubectl.apply([object], { fieldManager: "pulumi-kubeadm-init", force: true });
}

/** One key of a merge patch: safe beside any number of joins at the same time. */
export async function recordNode(kubectl: Kubectl, name: string, record: NodeRecord): Promise<void> {
  await kubectl.patch(ref, { data: { [prefix + name]: text(record) } });
}

/** Many at once, as one agent may be many nodes. */
export async function recordNodes(kubectl: Kubectl, records: Readonly<Record<string, NodeRecord>>): Promise<void> {
  const entries = Object.entries(records).map(([name, record]) => [prefix + name, text(record)]);
  await kubectl.patch(ref, { data: Object.fromEntries(entries) });
}

export async function forgetNodes(kubectl: Kubectl, names: readonly string[]): Promise<void> {
  await kubectl.patch(ref, { data: Object.fromEntries(names.map((name) => [prefix + name, null])) });
}

export async function forgetNode(kubectl: Kubectl, name: string): Promise<void> {
  await kubectl.patch(ref, { data: { [prefix + name]: null } });
}

/** Said when the whole cluster goes, taken back when it is wanted again. */
export async function recordEnding(kubectl: Kubectl, ending: boolean): Promise<void> {
  await kubectl.patch(ref, { data: { ending: ending ? "true" : null } });
}

/** Compact and with this order of fields: the approver reads it with sed. */
function text({ addresses, machineId, role }: NodeRecord): string {
  return JSON.stringify({ addresses, machineId, role });
}

export function parseRecord(object: KubeObject): ClusterRecord {
  const data = (object.data ?? {}) as Record<string, string>;
  const nodes = Object.entries(data)
    .filter(([key]) => key.startsWith(prefix))
    .map(([key, value]) => [key.slice(prefix.length), JSON.parse(value) as NodeRecord]);
  return { clusterId: data.clusterId ?? "", nodes: Object.fromEntries(nodes), ending: data.ending === "true" };
}
