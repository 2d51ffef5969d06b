// Which pods leave a node by eviction, and which budget holds one back. Pure.
import type { KubeObject } from "../../host/kubeObject";

interface Owner {
  kind: string;
  name: string;
  controller?: boolean;
}

/** Pods that run for somebody and would go on elsewhere; DaemonSets' and static pods belong to the node, finished ones are done. */
export function evictable(pods: readonly KubeObject[]): KubeObject[] {
  return pods.filter((pod) => {
    const phase = (pod.status as { phase?: string } | undefined)?.phase;
    const mirror = pod.metadata.annotations?.["kubernetes.io/config.mirror"] !== undefined;
    return !mirror && controller(pod)?.kind !== "DaemonSet" && phase !== "Succeeded" && phase !== "Failed";
  });
}

/** Who would make the pod again elsewhere; undefined: nobody. */
export function controller(pod: KubeObject): Owner | undefined {
  const owners = pod.metadata.ownerReferences;
  return Array.isArray(owners) ? (owners as Owner[]).find((owner) => owner.controller) : undefined;
}

/** undefined: no node was chosen for it yet. */
export function nodeOf({ spec }: KubeObject): string | undefined {
  return (spec as { nodeName?: string } | undefined)?.nodeName;
}

interface Selector {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

/** Names of the budgets that count this pod, with what they allow right now. */
export function budgetsOf(pod: KubeObject, budgets: readonly KubeObject[]): string[] {
  const labels = pod.metadata.labels ?? {};
  return budgets
    .filter((budget) => budget.metadata.namespace === pod.metadata.namespace)
    .filter((budget) => selects((budget.spec as { selector?: Selector } | undefined)?.selector, labels))
    .map((budget) => `${budget.metadata.name}${allowance(budget)}`);
}

function allowance(budget: KubeObject): string {
  const { currentHealthy, desiredHealthy } = (budget.status ?? {}) as {
    currentHealthy?: number;
    desiredHealthy?: number;
  };
  return currentHealthy === undefined ? "" : ` (${currentHealthy} healthy, ${desiredHealthy} needed)`;
}

/** An empty selector means every pod, none means no pod. */
export function selects(selector: Selector | undefined, labels: Record<string, string>): boolean {
  if (!selector) return false;
  const equal = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
  return equal && (selector.matchExpressions ?? []).every((expression) => fits(expression, labels));
}

function fits(
  { key, operator, values = [] }: { key: string; operator: string; values?: string[] },
  labels: Record<string, string>,
): boolean {
  const value = labels[key];
  if (operator === "Exists") return value !== undefined;
  if (operator === "DoesNotExist") return value === undefined;
  const named = value !== undefined && values.includes(value);
  return operator === "NotIn" ? !named : named;
}

export function podName(pod: KubeObject): string {
  return `${pod.metadata.namespace}/${pod.metadata.name}`;
}
