// The files of a node agent: its node, its provider, its way to the API. What is secret stands in files of its own beside them. Pure.
import { stringify } from "yaml";
import { defined } from "../../lib/defined";
import { registrationLabels } from "../names";
import type { HostFile } from "../registries";
import type { Taint } from "../spec";
import { agentPaths, certificatesOf, kindOf, nodesOf, ownLabels, providerTaintOf } from "./names";
import { type DeviceKeys, providerSettings } from "./providerDocument";
import type { Provider, Resources } from "./spec";

export interface AgentFiles {
  clusterId: string;
  clusterName: string;
  name: string;
  /** "host:port" of the API. */
  endpoint: string;
  provider: Provider;
  capacity?: Resources | undefined;
  allocatable?: Resources | undefined;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  taints: readonly Taint[];
  providerTaint?: boolean | undefined;
  os?: string | undefined;
  arch?: string | undefined;
  address: string;
  port: number;
  healthPort: number;
  /** PEM of the cluster's authority. */
  ca: string;
  /** Host keys of the hops to a device by "host:port", as they were first seen. */
  deviceKeys?: DeviceKeys | undefined;
}

/** Of a simulation, which has no machine that could say. */
const simulatedCapacity: Resources = { cpu: "32", memory: "256Gi" };
/** As many as a kubelet takes. */
const pods = 110;

/** Nothing where nothing is said of another cluster: its quota tells. */
export function capacityOf({ provider, capacity }: Pick<AgentFiles, "provider" | "capacity">): Resources | undefined {
  if (provider.cluster !== undefined) return capacity;
  return { ...(provider.simulated === undefined ? {} : simulatedCapacity), pods, ...capacity };
}

export function platformOf({ os = "linux", arch = "amd64" }: Pick<AgentFiles, "os" | "arch">) {
  return { os, arch };
}

export function taintsOf({
  provider,
  providerTaint,
  taints,
}: Pick<AgentFiles, "provider" | "providerTaint" | "taints">) {
  const kind = kindOf(provider);
  const given = kind === undefined || providerTaint === false ? [] : [providerTaintOf(kind)];
  // The user's own of the same key and effect wins.
  return [
    ...given.filter(({ key, effect }) => !taints.some((own) => own.key === key && own.effect === effect)),
    ...taints,
  ];
}

function nodeDocument(files: AgentFiles): object {
  const paths = agentPaths(files.name);
  const capacity = capacityOf(files);
  return defined({
    capacity: quantities(capacity),
    allocatable: quantities(files.allocatable ? { ...capacity, ...files.allocatable } : capacity),
    // What a node may not say of itself is given through a control plane.
    labels: registrationLabels({ ...ownLabels, ...files.labels }),
    annotations: files.annotations,
    taints: taintsOf(files),
    ...platformOf(files),
    address: files.address,
    port: files.port,
    healthPort: files.healthPort,
    clientCAFile: paths.ca,
    certDir: paths.certificates,
  });
}

function quantities(resources: Resources | undefined): Record<string, string> | undefined {
  if (resources === undefined) return undefined;
  return Object.fromEntries(Object.entries(resources).map(([name, quantity]) => [name, String(quantity)]));
}

/** As a kubelet's: the certificate in a file that its renewal replaces. Of a simulation's nodes the first one stands for all. */
function kubeconfig({ name, provider, clusterName, endpoint }: AgentFiles): object {
  const [node = name] = nodesOf(name, provider);
  const user = `system:node:${node}`;
  const pem = `${certificatesOf(name, node)}/kubelet-client-current.pem`;
  const context = `${user}@${clusterName}`;
  return {
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      { name: clusterName, cluster: { server: `https://${endpoint}`, "certificate-authority": agentPaths(name).ca } },
    ],
    users: [{ name: user, user: { "client-certificate": pem, "client-key": pem } }],
    contexts: [{ name: context, context: { cluster: clusterName, user } }],
    "current-context": context,
  };
}

/** Everything below the agent's directory but its keys; whoever it belongs to comes first. */
export function agentFiles(files: AgentFiles): HostFile[] {
  const paths = agentPaths(files.name);
  const settings = providerSettings(files);
  return [
    { path: paths.owner, content: `${files.clusterId}\n`, mode: 0o644 },
    { path: paths.ca, content: files.ca, mode: 0o644 },
    { path: paths.node, content: yaml(nodeDocument(files)), mode: 0o644 },
    { path: paths.kubeconfig, content: yaml(kubeconfig(files)), mode: 0o600 },
    { path: paths.provider, content: yaml(settings.document), mode: 0o600 },
    ...settings.files,
  ];
}

/** Sorted: a program's fields come in its own order, and out of a state in another one. */
function yaml(document: object): string {
  return `# Managed by pulumi-kubeadm.\n${stringify(document, { sortMapEntries: true })}`;
}
