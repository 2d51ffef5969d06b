// Rules over several arguments, all pure: given what is known, they name every problem by its path.
import { annotationProblems, labelProblems, nodeNameProblems, taintProblems } from "../provider/kubeadm/names";
import { validateNetwork } from "../provider/kubeadm/network";
import { kubeletArgProblems } from "../provider/kubeadm/nodeRegistration";
import { documentProblems } from "../provider/kubeadm/owned";
import type { Problem } from "../provider/kubeadm/problem";
import { type Registries, registryProblems } from "../provider/kubeadm/registries";
import type { KubeadmDocuments, Taint } from "../provider/kubeadm/spec";
import { versionProblems } from "../provider/kubeadm/versions";
import { containsUnknown } from "../provider/lib/unknown";
import { backupRules, endpointRules, virtualIpIsFree } from "./clusterRules";
import { clusterVirtualRules } from "./virtualKubeletRules";

/** What is taken where `network` is silent. */
export const defaultNetwork = {
  podCidr: "10.244.0.0/16",
  serviceCidr: "10.96.0.0/16",
  dnsDomain: "cluster.local",
} as const;

/** Plain arguments of which anything may be unknown. */
export type Plain = { readonly [key: string]: unknown };

export function clusterRules(args: Plain): Problem[] {
  const groups = [nodesOf(args, "controlPlanes"), nodesOf(args, "workers")];
  const nodes = groups.flat();
  const network = section(args["network"]);
  return [
    ...text(args["kubernetesVersion"], (version) => versionProblems(version)),
    ...documentRules(args),
    ...registryRules(args["containerd"], "containerd"),
    ...viaRules(args, nodes),
    ...endpointRules(args["endpoint"]),
    ...virtualIpIsFree(
      args["endpoint"],
      nodes.flatMap(([path, node]) => ownAddresses(path, node)),
    ),
    ...backupRules(args["backup"]),
    ...keyRules(nodes),
    ...countRules(nodesOf(args, "controlPlanes")),
    ...nodes.flatMap(([path, node]) => nodeRules(path, node)),
    ...sharedHosts(args, nodes),
    ...clusterVirtualRules(args),
    ...validateNetwork({
      podCidr: known(network["podCidr"] ?? defaultNetwork.podCidr),
      serviceCidr: known(network["serviceCidr"] ?? defaultNetwork.serviceCidr),
      dnsDomain: known(network["dnsDomain"] ?? defaultNetwork.dnsDomain),
      hosts: nodes.flatMap(([path, node]) =>
        text(node["address"], (address) => [{ path: `${path}.address`, addresses: [address] }]),
      ),
      nodeCount: nodes.length,
    }),
  ];
}

export function nodeRules(path: string, node: Plain): Problem[] {
  const at = (field: string): string => (path === "" ? field : `${path}.${field}`);
  const of = <T>(field: string): T | undefined =>
    node[field] === undefined || containsUnknown(node[field]) ? undefined : (node[field] as T);
  return [
    ...labelProblems(of<Record<string, string>>("labels") ?? {}, at("labels")),
    ...taintProblems(of<Taint[]>("taints") ?? [], at("taints")),
    ...annotationProblems(of<Record<string, string>>("annotations") ?? {}, at("annotations")),
    ...kubeletArgProblems(
      { kubeletExtraArgs: of<Record<string, string>>("kubeletExtraArgs") ?? {} },
      at("kubeletExtraArgs"),
    ),
    ...registryRules(node["containerd"], at("containerd")),
  ];
}

function ownAddresses(path: string, node: Plain): [string, string][] {
  const { host } = section(node["connection"]);
  return [known(node["address"]), known(host)].flatMap((address): [string, string][] =>
    address === undefined ? [] : [[path, address]],
  );
}

/** What the user's own documents contradict. What is not known yet is looked at again where the documents are built. */
function documentRules(args: Plain): Problem[] {
  if (args["kubeadm"] === undefined || containsUnknown(args["kubeadm"])) return [];
  const network = section(args["network"]);
  return documentProblems(args["kubeadm"] as KubeadmDocuments, {
    kubernetesVersion: known(args["kubernetesVersion"]),
    podCidr: known(network["podCidr"]),
    serviceCidr: known(network["serviceCidr"]),
    dnsDomain: known(network["dnsDomain"]),
  });
}

function registryRules(containerd: unknown, path: string): Problem[] {
  const { registries } = section(containerd);
  const plain = Object.entries(section(registries)).filter(
    ([, registry]) => !containsUnknown(section(registry)["mirrors"]),
  );
  return registryProblems(Object.fromEntries(plain) as Registries, `${path}.registries`);
}

export interface Alone {
  name: string;
  /** Names of the cluster's nodes so far. */
  taken: readonly string[];
  /** The cluster's `connection`. */
  defaults: unknown;
}

/** A node declared by itself: what its cluster checks over all its own nodes is checked against what it has already. */
export function aloneRules(node: Plain, { name, taken, defaults }: Alone): Problem[] {
  const { host } = { ...section(defaults), ...section(node["connection"]) } as { host?: unknown };
  const problems = nodeNameProblems(name, "nodeName");
  if (taken.includes(name))
    problems.push({ path: "nodeName", reason: `the name ${name} is taken by another node of the cluster` });
  if (host === undefined) problems.push({ path: "connection.host", reason: hostNeeded });
  return problems;
}

const hostNeeded = "is needed, here or in the cluster's connection";

type NamedNode = [path: string, node: Plain, key: string];

function nodesOf(args: Plain, field: string): NamedNode[] {
  return Object.entries(section(args[field])).map(([key, node]) => [`${field}.${key}`, section(node), key]);
}

function viaRules(args: Plain, nodes: readonly NamedNode[]): Problem[] {
  const { via } = section(section(args["source"])["bundle"]);
  if (via === undefined || nodes.some(([, , key]) => key === via)) return [];
  return [{ path: "source.bundle.via", reason: `there is no node "${String(via)}" in controlPlanes or workers` }];
}

function keyRules(nodes: readonly NamedNode[]): Problem[] {
  const seen = new Map<string, string>();
  return nodes.flatMap(([path, , key]) => {
    const other = seen.get(key);
    seen.set(key, path);
    const problems = nodeNameProblems(key, path);
    if (other) problems.push({ path, reason: `the name is taken by ${other}` });
    // JavaScript puts keys that look like integers first, so the order in the program would not be the order here.
    if (/^\d+$/.test(key))
      problems.push({ path, reason: "a key that looks like an integer is reordered by JavaScript: give it a letter" });
    return problems;
  });
}

function countRules(controlPlanes: readonly NamedNode[]): Problem[] {
  return controlPlanes.length === 0 ? [{ path: "controlPlanes", reason: "at least one control plane is needed" }] : [];
}

/** One machine is one node; behind different jump hosts the same address is another machine. */
function sharedHosts(args: Plain, nodes: readonly NamedNode[]): Problem[] {
  const defaults = section(args["connection"]);
  const seen = new Map<string, string>();
  return nodes.flatMap(([path, node]) => {
    const connection = { ...defaults, ...section(node["connection"]) };
    const where = [connection["host"], connection["port"] ?? 22, connection["proxy"] ?? null];
    if (connection["host"] === undefined) return [{ path: `${path}.connection.host`, reason: hostNeeded }];
    if (containsUnknown(where)) return [];
    const key = JSON.stringify(where);
    const other = seen.get(key);
    seen.set(key, path);
    return other
      ? [{ path: `${path}.connection.host`, reason: `is the machine of ${other} already: one machine is one node` }]
      : [];
  });
}

function section(value: unknown): Plain {
  return typeof value === "object" && value !== null ? (value as Plain) : {};
}

function known(value: unknown): string | undefined {
  return typeof value === "string" && !containsUnknown(value) ? value : undefined;
}

function text<T>(value: unknown, rule: (text: string) => T[]): T[] {
  const plain = known(value);
  return plain === undefined ? [] : rule(plain);
}
