// What has to be there before what. Pure.
import type { KubeObject } from "../host/kubeObject";

const foundations = new Set([
  "PriorityClass",
  "StorageClass",
  "RuntimeClass",
  "IngressClass",
  "LimitRange",
  "ResourceQuota",
  "ServiceAccount",
  "Role",
  "ClusterRole",
  "RoleBinding",
  "ClusterRoleBinding",
  "ConfigMap",
  "Secret",
  "PersistentVolume",
  "PersistentVolumeClaim",
  "NetworkPolicy",
  "PodDisruptionBudget",
]);
const gates = new Set([
  "APIService",
  "ValidatingWebhookConfiguration",
  "MutatingWebhookConfiguration",
  "ValidatingAdmissionPolicy",
  "ValidatingAdmissionPolicyBinding",
]);

/** Lower goes first, and is deleted last. */
export function rank({ apiVersion, kind }: Pick<KubeObject, "apiVersion" | "kind">): number {
  if (kind === "Namespace" && apiVersion === "v1") return 0;
  if (isDefinition({ apiVersion, kind })) return 1;
  if (gates.has(kind)) return 6;
  if (isCustom(apiVersion)) return 5;
  if (foundations.has(kind)) return 2;
  return kind === "Service" ? 3 : 4;
}

export function isDefinition({ apiVersion, kind }: Pick<KubeObject, "apiVersion" | "kind">): boolean {
  return kind === "CustomResourceDefinition" && apiVersion.startsWith("apiextensions.k8s.io/");
}

/** Of a group that is not Kubernetes' own, so its definition or its controller comes from somewhere else. */
function isCustom(apiVersion: string): boolean {
  const group = apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "";
  return group.includes(".") && !group.endsWith(".k8s.io");
}

/** Stable: within one rank the program's own order counts. */
export function inOrder<T extends Pick<KubeObject, "apiVersion" | "kind">>(objects: readonly T[]): T[] {
  return [...objects].sort((a, b) => rank(a) - rank(b));
}

/** First what the second part needs to exist: namespaces and definitions, if there are definitions; else all at once. */
export function inPhases(objects: readonly KubeObject[]): KubeObject[][] {
  const ordered = inOrder(objects);
  if (!ordered.some(isDefinition)) return ordered.length > 0 ? [ordered] : [];
  const before = ordered.filter((object) => rank(object) <= 1);
  const after = ordered.filter((object) => rank(object) > 1);
  return after.length > 0 ? [before, after] : [before];
}
