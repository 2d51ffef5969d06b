// What Kubernetes accepts as names, labels, taints and annotations of a node, said before any host is asked.
import type { Problem } from "./problem";
import type { Taint } from "./spec";

const label1123 = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const qualifiedName = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

/** undefined: it is a DNS-1123 subdomain. */
export function subdomainReason(text: string): string | undefined {
  if (text.length > 253) return `"${text.slice(0, 40)}…" is longer than 253 characters`;
  if (text.split(".").every((part) => label1123.test(part) && part.length <= 63)) return undefined;
  return `"${text}" is no DNS name: lower-case letters, digits, "-" and "." only, each part starting and ending with a letter or digit and at most 63 long`;
}

/** A node's name becomes an object's name, a label's value and a certificate's subject. */
export function nodeNameProblems(name: string, path: string): Problem[] {
  const reason = subdomainReason(name);
  if (reason !== undefined) return [{ path, reason }];
  // kubernetes.io/hostname carries the host's name, and a label's value ends at 63.
  return name.length > 63 ? [{ path, reason: `"${name}" is longer than 63 characters` }] : [];
}

export function qualifiedNameReason(key: string): string | undefined {
  const parts = key.split("/");
  const name = parts.at(-1) ?? "";
  if (parts.length > 2) return `key "${key}" has more than one "/"`;
  if (parts.length === 2) {
    const reason = subdomainReason(parts[0] ?? "");
    if (reason !== undefined) return `key "${key}": its prefix ${reason}`;
  }
  if (name.length > 63 || !qualifiedName.test(name)) {
    return `key "${key}": the name must be 1 to 63 letters, digits, "-", "_" or ".", starting and ending with a letter or digit`;
  }
  return undefined;
}

function labelValueReason(key: string, value: string): string | undefined {
  if (value === "" || (value.length <= 63 && qualifiedName.test(value))) return undefined;
  return `the value of "${key}" must be empty or at most 63 letters, digits, "-", "_" or ".", starting and ending with a letter or digit`;
}

/** The kubelet writes these itself, and puts its own value back whenever it starts. */
const kubeletOwned = new Set([
  "kubernetes.io/hostname",
  "kubernetes.io/os",
  "kubernetes.io/arch",
  "beta.kubernetes.io/os",
  "beta.kubernetes.io/arch",
]);

export function labelProblems(labels: Readonly<Record<string, string>>, path: string): Problem[] {
  return Object.entries(labels).flatMap(([key, value]) => {
    const owned = kubeletOwned.has(key) ? `"${key}" is set by the kubelet itself` : undefined;
    const role = key === controlPlaneRole ? `"${key}" is set by kubeadm itself` : undefined;
    return problems(path, [qualifiedNameReason(key), labelValueReason(key, value), owned, role]);
  });
}

export function annotationProblems(annotations: Readonly<Record<string, string>>, path: string): Problem[] {
  return Object.keys(annotations).flatMap((key) => problems(path, [qualifiedNameReason(key.toLowerCase())]));
}

export const controlPlaneRole = "node-role.kubernetes.io/control-plane";

export function taintProblems(taints: readonly Taint[], path: string): Problem[] {
  const seen = new Set<string>();
  return taints.flatMap((taint) => {
    const identity = `${taint.key}:${taint.effect}`;
    const twice = seen.has(identity) ? `"${identity}" is given twice` : undefined;
    seen.add(identity);
    return problems(path, [
      qualifiedNameReason(taint.key),
      labelValueReason(taint.key, taint.value ?? ""),
      twice,
      taint.key.startsWith("node.kubernetes.io/")
        ? `"${taint.key}" is set by Kubernetes from the node's state`
        : undefined,
    ]);
  });
}

function problems(path: string, reasons: readonly (string | undefined)[]): Problem[] {
  return reasons.filter((reason) => reason !== undefined).map((reason) => ({ path, reason }));
}

const kubernetesNamespace = /(^|\.)(kubernetes|k8s)\.io$/;
const kubeletNamespace = /(^|\.)(kubelet|node)\.kubernetes\.io$/;

/**
 * The labels a kubelet may give its own node when it registers. Others in Kubernetes' namespaces are refused by the
 * kubelet or by the NodeRestriction admission plugin and have to be set through the API; so are zone, region and
 * instance type here, because the kubelet would go on to restore the value it was started with.
 */
export function registrationLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(labels).filter(([key]) => {
      const prefix = key.includes("/") ? (key.split("/")[0] ?? "") : "";
      if (key === "node.kubernetes.io/instance-type") return false;
      return !kubernetesNamespace.test(prefix) || kubeletNamespace.test(prefix);
    }),
  );
}
