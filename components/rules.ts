// Rules over several arguments, all pure: given what is known, they name every problem by its path.
import { annotationProblems, labelProblems, nodeNameProblems, taintProblems } from "../provider/kubeadm/names";
import { validateNetwork } from "../provider/kubeadm/network";
import type { Problem } from "../provider/kubeadm/problem";
import type { Taint } from "../provider/kubeadm/spec";
import { versionProblems } from "../provider/kubeadm/versions";
import { containsUnknown } from "../provider/lib/unknown";

/** Plain arguments of which anything may be unknown. */
export type Plain = { readonly [key: string]: unknown };

export function clusterRules(args: Plain): Problem[] {
  const groups = [nodesOf(args, "controlPlanes"), nodesOf(args, "workers")];
  const nodes = groups.flat();
  const network = section(args["network"]);
  return [
    ...text(args["kubernetesVersion"], (version) => versionProblems(version)),
    ...keyRules(nodes),
    ...countRules(nodesOf(args, "controlPlanes")),
    ...nodes.flatMap(([path, node]) => nodeRules(path, node)),
    ...sharedHosts(args, nodes),
    ...validateNetwork({
      podCidr: known(network["podCidr"]),
      serviceCidr: known(network["serviceCidr"]),
      dnsDomain: known(network["dnsDomain"]),
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
  ];
}

type NamedNode = [path: string, node: Plain, key: string];

function nodesOf(args: Plain, field: string): NamedNode[] {
  return Object.entries(section(args[field])).map(([key, node]) => [`${field}.${key}`, section(node), key]);
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
    if (connection["host"] === undefined)
      return [{ path: `${path}.connection.host`, reason: "is needed, here or in the cluster's connection" }];
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
