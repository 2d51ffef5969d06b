// Whether an object does what it is for, by its kind. Pure.
import type { KubeObject } from "../host/kubeObject";

export interface Verdict {
  /** In words; undefined: ready. */
  missing: string | undefined;
  /** Waiting is of no use. */
  final?: boolean;
}

interface Status {
  observedGeneration?: number;
  conditions?: { type: string; status: string; reason?: string; message?: string }[];
  phase?: string;
  reason?: string;
  [count: string]: unknown;
}

const ready: Verdict = { missing: undefined };
const rules: Record<string, (object: KubeObject, status: Status) => Verdict> = {
  "apps/Deployment": deployment,
  "apps/StatefulSet": statefulSet,
  "apps/DaemonSet": daemonSet,
  "apps/ReplicaSet": (object, status) => counted(wanted(object), number(status.availableReplicas), "available"),
  "/ReplicationController": (object, status) => counted(wanted(object), number(status.availableReplicas), "available"),
  "batch/Job": job,
  "/Pod": pod,
  "/Namespace": (_, { phase }) => (phase === "Active" ? ready : { missing: `it is ${phase ?? "not there yet"}` }),
  "apiextensions.k8s.io/CustomResourceDefinition": definition,
  "apiregistration.k8s.io/APIService": (_, status) => conditioned(status, "Available"),
};

/** Other kinds have nothing to wait for that is known here. */
export function isWaitedFor(object: Pick<KubeObject, "apiVersion" | "kind">): boolean {
  return ruleName(object) in rules;
}

export function readiness(object: KubeObject): Verdict {
  const rule = rules[ruleName(object)];
  if (!rule) return ready;
  const status = (object.status ?? {}) as Status;
  const generation = number(object.metadata.generation);
  // A status that speaks of the object as it was before says nothing; who has none yet has never been looked at.
  const stale = object.apiVersion.startsWith("apps/") && number(status.observedGeneration) < generation;
  return stale ? { missing: "its controller has not seen the change yet" } : rule(object, status);
}

function ruleName({ apiVersion, kind }: Pick<KubeObject, "apiVersion" | "kind">): string {
  return `${apiVersion.includes("/") ? apiVersion.split("/")[0] : ""}/${kind}`;
}

function deployment(object: KubeObject, status: Status): Verdict {
  const progressing = status.conditions?.find((condition) => condition.type === "Progressing");
  if (progressing?.reason === "ProgressDeadlineExceeded")
    return { missing: progressing.message ?? "it makes no progress", final: true };
  const all = wanted(object);
  const updated = number(status.updatedReplicas);
  if (updated < all) return { missing: `${updated} of ${all} pods are of the new kind` };
  const old = number(status.replicas) - updated;
  if (old > 0) return { missing: `${old} old pods are still there` };
  return counted(all, number(status.availableReplicas), "available");
}

function statefulSet(object: KubeObject, status: Status): Verdict {
  const { updateStrategy } = object.spec as {
    updateStrategy?: { type?: string; rollingUpdate?: { partition?: number } };
  };
  const all = wanted(object);
  const rolled = all - (updateStrategy?.rollingUpdate?.partition ?? 0);
  if (
    updateStrategy?.type !== "OnDelete" &&
    status.currentRevision !== status.updateRevision &&
    number(status.updatedReplicas) < rolled
  ) {
    return { missing: `${number(status.updatedReplicas)} of ${rolled} pods are of the new kind` };
  }
  return counted(all, number(status.readyReplicas), "ready");
}

function daemonSet(object: KubeObject, status: Status): Verdict {
  const { updateStrategy } = object.spec as { updateStrategy?: { type?: string } };
  const all = number(status.desiredNumberScheduled);
  const updated = number(status.updatedNumberScheduled);
  if (updateStrategy?.type !== "OnDelete" && updated < all)
    return { missing: `${updated} of ${all} pods are of the new kind` };
  return counted(all, number(status.numberAvailable), "available");
}

function job(object: KubeObject, status: Status): Verdict {
  const holds = (type: string) =>
    status.conditions?.find((condition) => condition.type === type && condition.status === "True");
  const failed = holds("Failed");
  if (failed) return { missing: `it failed: ${failed.message ?? failed.reason ?? "no reason given"}`, final: true };
  const suspended = (object.spec as { suspend?: boolean } | undefined)?.suspend;
  return holds("Complete") || suspended ? ready : { missing: `${number(status.succeeded)} pods have succeeded` };
}

function pod(_: KubeObject, status: Status): Verdict {
  if (status.phase === "Succeeded") return ready;
  if (status.phase === "Failed")
    return { missing: `it failed${status.reason ? `: ${status.reason}` : ""}`, final: true };
  return conditioned(status, "Ready");
}

function definition(_: KubeObject, status: Status): Verdict {
  const names = status.conditions?.find((condition) => condition.type === "NamesAccepted");
  if (names?.status === "False")
    return { missing: `its names are taken: ${names.message ?? names.reason}`, final: true };
  return conditioned(status, "Established");
}

function conditioned(status: Status, type: string): Verdict {
  const found = status.conditions?.find((condition) => condition.type === type);
  if (found?.status === "True") return ready;
  return { missing: `it is not ${type}${found?.message ? `: ${found.message}` : ""}` };
}

function counted(all: number, there: number, word: string): Verdict {
  return there >= all ? ready : { missing: `${there} of ${all} pods are ${word}` };
}

function wanted(object: KubeObject): number {
  return (object.spec as { replicas?: number } | undefined)?.replicas ?? 1;
}

function number(value: unknown): number {
  return typeof value === "number" ? value : 0;
}
