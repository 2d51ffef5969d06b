// Disruption budgets that would hold a drain back right now. Pure.
import type { KubeObject } from "../../host/kubeObject";
import { evictable, podName, selects } from "../node/drainPods";
import { condition } from "../node/nodeState";
import type { Finding, UpgradeWish } from "./view";

export interface Blocker {
  /** "shop/web", or both of two that count the same pod. */
  budget: string;
  /** What it says of itself. */
  why: string;
  pods: string[];
  /** With all its pods well it allows a disruption: one that is starting is no reason to refuse. */
  mayPass: boolean;
}

interface Budget extends KubeObject {
  spec?: { selector?: Parameters<typeof selects>[0]; unhealthyPodEvictionPolicy?: string };
  status?: {
    observedGeneration?: number;
    disruptionsAllowed?: number;
    currentHealthy?: number;
    desiredHealthy?: number;
    expectedPods?: number;
  };
}

/** Namespaces in which a pod could be held back: the others need not be looked at. */
export function namespacesAtRisk(budgets: readonly KubeObject[]): string[] {
  const of = (budget: KubeObject): string => budget.metadata.namespace ?? "default";
  const all = [...new Set(budgets.map(of))];
  return all.filter((namespace) => {
    const own = budgets.filter((budget) => of(budget) === namespace);
    return own.length > 1 || own.some((budget) => !allows(budget));
  });
}

/** `drained`: the nodes that pods have to leave. */
export function blockersOf(
  budgets: readonly KubeObject[],
  pods: readonly KubeObject[],
  drained: ReadonlySet<string>,
): Blocker[] {
  const found = new Map<string, Blocker>();
  for (const pod of evictable(pods).filter((one) => drained.has(nodeOf(one)) && !one.metadata.deletionTimestamp)) {
    if ((pod.status as { phase?: string } | undefined)?.phase === "Pending") continue;
    const blocker = blockerOf(pod, counting(pod, budgets));
    if (!blocker) continue;
    const known = found.get(blocker.budget);
    if (known) known.pods.push(podName(pod));
    else found.set(blocker.budget, { ...blocker, pods: [podName(pod)] });
  }
  return [...found.values()];
}

function counting(pod: KubeObject, budgets: readonly KubeObject[]): Budget[] {
  return budgets.filter(
    (budget: Budget) =>
      budget.metadata.namespace === pod.metadata.namespace && selects(budget.spec?.selector, pod.metadata.labels ?? {}),
  );
}

/** The API's own rules for one eviction: it never decides between two budgets, and may let a pod go that is not well. */
function blockerOf(pod: KubeObject, budgets: readonly Budget[]): Omit<Blocker, "pods"> | undefined {
  const [budget, second] = budgets;
  if (!budget) return undefined;
  if (second)
    return {
      budget: budgets.map(podName).sort().join(" and "),
      why: "both count these pods, and the API evicts no pod that two budgets count",
      mayPass: false,
    };
  const { currentHealthy = 0, desiredHealthy = 0, expectedPods = 0 } = budget.status ?? {};
  if (allows(budget)) return undefined;
  if (condition(pod, "Ready")?.status !== "True") {
    if (budget.spec?.unhealthyPodEvictionPolicy === "AlwaysAllow") return undefined;
    if (desiredHealthy > 0 && currentHealthy >= desiredHealthy) return undefined;
  }
  return {
    budget: podName(budget),
    why: `it allows no disruption (${currentHealthy} of ${expectedPods} healthy, ${desiredHealthy} needed)`,
    mayPass: !isSettled(budget) || (currentHealthy < expectedPods && expectedPods > desiredHealthy),
  };
}

function allows({ status }: Budget): boolean {
  return (status?.disruptionsAllowed ?? 0) > 0;
}

/** Whether the numbers are about the budget as it is now. */
function isSettled({ metadata, status }: Budget): boolean {
  return status?.observedGeneration === undefined || status.observedGeneration === metadata["generation"];
}

function nodeOf(pod: KubeObject): string {
  return (pod.spec as { nodeName?: string } | undefined)?.nodeName ?? "";
}

export function judgeBudgets(blockers: readonly Blocker[], { onBlocked }: UpgradeWish): Finding[] {
  return blockers.map(({ budget, why, pods }): Finding => {
    const text = `has PodDisruptionBudget ${budget}, which would hold back ${pods.join(", ")}: ${why}`;
    if (onBlocked !== "stop") {
      const then = onBlocked === "force" ? "its pods are deleted after half of the drain's time" : "its pods stay";
      return { check: "UpgradeBudgets", warning: true, text, remedy: `${then}, as \`drain.onBlocked\` says` };
    }
    return {
      check: "UpgradeBudgets",
      text,
      remedy:
        "let it allow one (more replicas, all of them ready), or decide with `drain.onBlocked`, for one run with KUBEADM_DRAIN_ON_BLOCKED=force (deletes them) or =skip (leaves them)",
    };
  });
}
