// Where the cluster itself says its API is, and which nodes have been brought there.
import { parse, parseDocument } from "yaml";
import type { Kubectl } from "../../host/kubectl";
import { withPort } from "../../lib/endpoint";
import { UserError } from "../../lib/errors";
import { parseRecord } from "../node/clusterRecord";

const kubeadmConfig = { type: "configmaps", namespace: "kube-system", name: "kubeadm-config" };
const clusterInfo = { type: "configmaps", namespace: "kube-public", name: "cluster-info" };
const record = { type: "configmaps", namespace: "kube-system", name: "pulumi-kubeadm" };

/** "host:port" of kubeadm-config: what whoever joins is told. */
export async function clusterEndpoint(kubectl: Kubectl): Promise<string> {
  const { controlPlaneEndpoint } = parse(await configuration(kubectl)) as { controlPlaneEndpoint?: string };
  if (!controlPlaneEndpoint)
    throw new UserError(`${kubectl.label}: kubeadm-config names no controlPlaneEndpoint`, "run again");
  return withPort(controlPlaneEndpoint);
}

async function configuration(kubectl: Kubectl): Promise<string> {
  const found = await kubectl.get(kubeadmConfig);
  const text = (found?.data as Record<string, string> | undefined)?.ClusterConfiguration;
  if (text) return text;
  throw new UserError(
    `${kubectl.label}: the cluster has no ConfigMap kube-system/kubeadm-config`,
    "`kubeadm init phase upload-config kubeadm --config FILE` writes it again",
  );
}

/** What kubeadm and its joins read. */
export async function announceEndpoint(kubectl: Kubectl, endpoint: string): Promise<void> {
  const document = parseDocument(await configuration(kubectl));
  document.set("controlPlaneEndpoint", endpoint);
  await kubectl.patch(kubeadmConfig, { data: { ClusterConfiguration: document.toString({ lineWidth: 0 }) } });
  const info = (await kubectl.get(clusterInfo))?.data as Record<string, string> | undefined;
  // Somebody who never joins by token may have deleted it.
  if (info?.kubeconfig)
    await kubectl.patch(clusterInfo, { data: { kubeconfig: withServer(info.kubeconfig, endpoint) } });
}

/** A kubeconfig whose clusters are found at the endpoint. */
export function withServer(kubeconfig: string, endpoint: string): string {
  const document = parseDocument(kubeconfig);
  const { clusters = [] } = document.toJS() as { clusters?: unknown[] };
  for (const index of clusters.keys()) document.setIn(["clusters", index, "cluster", "server"], `https://${endpoint}`);
  return document.toString({ lineWidth: 0 });
}

const prefix = "endpoint.";
const shared = "endpoint";
const moving = "endpoint-moving";
const front = "front";

export interface EndpointRecord {
  /** A move of the control planes that has begun and not ended. */
  moving: boolean;
  /** Where kube-proxy and the CNI find the API; absent in clusters that never wrote it down. */
  shared: string | undefined;
  /** No control plane of the program has a virtual address any more. */
  frontless: boolean;
  /** Nodes of the program, and where each one's kubelet was led. */
  nodes: Record<string, string | undefined>;
}

export async function readEndpoints(kubectl: Kubectl): Promise<EndpointRecord> {
  const found = await kubectl.get(record);
  const data = (found?.data ?? {}) as Record<string, string>;
  const nodes = Object.entries(found ? parseRecord(found).nodes : {}).filter(([, { role }]) => role !== "virtual");
  return {
    moving: data[moving] !== undefined,
    shared: data[shared],
    frontless: data[front] === "none",
    nodes: Object.fromEntries(nodes.map(([name]) => [name, data[prefix + name]])),
  };
}

/** Of what all nodes run. */
export async function sharedEndpoint(kubectl: Kubectl, fallback: string): Promise<string> {
  return (await readEndpoints(kubectl)).shared ?? fallback;
}

export interface Remembered {
  node?: { name: string; endpoint: string };
  moving?: boolean;
  shared?: string;
  frontless?: boolean;
}

/** One merge patch: safe beside any other node's. */
export async function rememberEndpoints(kubectl: Kubectl, told: Remembered): Promise<void> {
  const data: Record<string, string | null> = {};
  if (told.node) data[prefix + told.node.name] = told.node.endpoint;
  if (told.moving !== undefined) data[moving] = told.moving ? "yes" : null;
  if (told.shared !== undefined) data[shared] = told.shared;
  if (told.frontless !== undefined) data[front] = told.frontless ? "none" : null;
  await kubectl.patch(record, { data });
}
