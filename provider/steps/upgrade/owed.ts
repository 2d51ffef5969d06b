// Who owns the pods that an upgrade moves, and whether they have them back. Pure.
import type { KubeObject } from "../../host/kubeObject";
import { controller, evictable } from "../node/drainPods";
import { condition, podTrouble } from "../node/nodeState";
import type { Owed } from "./aside";

interface Controller {
  kind: string;
  name: string;
  apiVersion?: string;
}

/** Controllers whose readiness the API tells; of a Job it only tells that it goes on, and another operator's objects say it their way. */
const counted: Readonly<Record<string, string>> = {
  ReplicaSet: "apps/v1",
  StatefulSet: "apps/v1",
  ReplicationController: "v1",
  Job: "batch/v1",
};

/** Owners of the pods that will leave the node; how many of theirs are ready is asked later. */
export function owners(pods: readonly KubeObject[]): Omit<Owed, "ready">[] {
  return unique(
    evictable(pods).flatMap((pod) => {
      const owner = controller(pod) as Controller | undefined;
      const apiVersion = owner && counted[owner.kind];
      if (!owner || apiVersion === undefined) return [];
      return [{ kind: owner.kind, apiVersion, namespace: pod.metadata.namespace ?? "default", name: owner.name }];
    }),
  );
}

/** DaemonSets whose pod on the node is ready; one that was not before is not ours to wait for. */
export function readyDaemons(pods: readonly KubeObject[]): Owed[] {
  const ready = pods.filter((pod) => condition(pod, "Ready")?.status === "True");
  return unique(
    ready.flatMap((pod) => {
      const owner = controller(pod);
      if (owner?.kind !== "DaemonSet") return [];
      const { namespace = "default" } = pod.metadata;
      return [{ kind: "DaemonSet", apiVersion: "apps/v1", namespace, name: owner.name, ready: 1 }];
    }),
  );
}

/** Of the node's pods: DaemonSets that have none ready there (again), with the reason. */
export function daemonsMissing(daemons: readonly Owed[], pods: readonly KubeObject[]): string[] {
  return daemons.flatMap(({ namespace, name }) => {
    const own = pods.filter(
      (pod) =>
        pod.metadata.namespace === namespace &&
        controller(pod)?.kind === "DaemonSet" &&
        controller(pod)?.name === name &&
        pod.metadata.deletionTimestamp === undefined,
    );
    if (own.some((pod) => condition(pod, "Ready")?.status === "True")) return [];
    const why = own.length === 0 ? "no pod yet" : own.map(podTrouble).join("; ");
    return [`DaemonSet ${namespace}/${name}: ${why}`];
  });
}

interface Counts {
  spec?: { replicas?: number; parallelism?: number };
  status?: { readyReplicas?: number; ready?: number; conditions?: { type: string; status: string }[] };
}

/** How many of a controller's pods are ready; a Job that has ended owes nothing. */
export function readyOf(object: KubeObject): number {
  const { status = {} } = object as Counts;
  return object.kind === "Job" ? (status.ready ?? 0) : (status.readyReplicas ?? 0);
}

/** Why a workload does not have back what it had; undefined when it has, when it wants fewer now, or when it is gone. */
export function stillOwed(owed: Owed, now: KubeObject | undefined): string | undefined {
  if (now === undefined || now.metadata.deletionTimestamp !== undefined || ended(now)) return undefined;
  const { spec = {} } = now as Counts;
  const wanted = Math.min(owed.ready, (now.kind === "Job" ? spec.parallelism : spec.replicas) ?? 1);
  const ready = readyOf(now);
  return ready >= wanted
    ? undefined
    : `${owed.kind} ${owed.namespace}/${owed.name} has ${ready} ready, ${wanted} before`;
}

function ended(object: KubeObject): boolean {
  const { status = {} } = object as Counts;
  if (object.kind !== "Job") return false;
  return (status.conditions ?? []).some(
    ({ type, status: value }) => value === "True" && (type === "Complete" || type === "Failed"),
  );
}

function unique<T extends Omit<Owed, "ready">>(all: T[]): T[] {
  const byKey = new Map(all.map((owed) => [`${owed.kind}/${owed.namespace}/${owed.name}`, owed]));
  return [...byKey.values()];
}
