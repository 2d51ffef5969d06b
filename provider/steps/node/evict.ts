// One eviction: the API decides whether a disruption budget allows it.

import type { Kubectl } from "../../host/kubectl";
import { hasReason } from "../../host/kubeErrors";
import type { KubeObject } from "../../host/kubeObject";
import { CommandError } from "../../lib/errors";
import { budgetsOf } from "./drainPods";

/** undefined: accepted, or not needed any more, or to be asked again; a text: what holds the pod back. */
export async function evict(
  kubectl: Kubectl,
  pod: KubeObject,
  gracePeriod: number | undefined,
): Promise<string | undefined> {
  const { name, namespace = "default", uid } = pod.metadata;
  const body = {
    apiVersion: "policy/v1",
    kind: "Eviction",
    metadata: { name, namespace },
    deleteOptions: {
      preconditions: { uid },
      ...(gracePeriod === undefined ? {} : { gracePeriodSeconds: gracePeriod }),
    },
  };
  try {
    await kubectl.post(`/api/v1/namespaces/${namespace}/pods/${name}/eviction`, body);
    return undefined;
  } catch (error) {
    // Gone, another pod by now, a namespace that is on its way out, or no answer: the next look at the pods tells.
    if (hasReason(error, "NotFound", "Conflict", "Unavailable")) return undefined;
    if (hasReason(error, "Forbidden") && /being terminated/.test(error.detail)) return undefined;
    if (error instanceof CommandError && error.outcome.timedOut) return undefined;
    // The API cannot decide between two budgets for one pod and says so as an internal error.
    if (hasReason(error, "TooManyRequests", "InternalError")) return blockedBy(kubectl, pod, error.detail);
    throw error;
  }
}

async function blockedBy(kubectl: Kubectl, pod: KubeObject, detail: string): Promise<string> {
  const { namespace = "default" } = pod.metadata;
  const names = budgetsOf(pod, await kubectl.list({ type: "poddisruptionbudgets", namespace }));
  return names.length > 0 ? `PodDisruptionBudget ${names.map((name) => `${namespace}/${name}`).join(", ")}` : detail;
}
