// What was applied, by identity: what left the set, and what another run of ours shares. Pure.
import type { Identity, KubeObject } from "../host/kubeObject";
import { identityOf } from "../host/kubeObject";
import { sameObject } from "./parse";

export type Applied = Identity[];

export const managerPrefix = "pulumi-kubeadm/";

/** One for each addon, so that two of them that want different things conflict instead of taking turns. */
export function fieldManagerOf(name: string): string {
  return `${managerPrefix}${name}`.slice(0, 128);
}

export function keyOf(identity: Identity): string {
  const { apiVersion, kind, name, namespace } = identity;
  return sameObject({ apiVersion, kind, metadata: namespace ? { name, namespace } : { name } });
}

export function gone(before: readonly Identity[], now: readonly Identity[]): Applied {
  const kept = new Set(now.map(keyOf));
  return before.filter((identity) => !kept.has(keyOf(identity)));
}

/** What is there now, and what was recorded and is not proven to be gone. */
export function together(before: readonly Identity[], now: readonly Identity[]): Applied {
  return [...gone(before, now), ...now];
}

interface ManagedField {
  manager?: string;
  operation?: string;
}

function managers(object: KubeObject): string[] {
  const fields = object.metadata.managedFields;
  if (!Array.isArray(fields)) return [];
  return (fields as ManagedField[])
    .filter(({ operation }) => operation === "Apply")
    .map(({ manager }) => manager ?? "");
}

/** Objects that an apply which failed half-way has made or changed. */
export function touchedBy(fieldManager: string, objects: readonly KubeObject[]): Applied {
  return objects.filter((object) => managers(object).includes(fieldManager)).map(identityOf);
}

/** Another addon applies it too, for instance this one under its new name: then it is not ours alone to delete. */
export function sharedWith(fieldManager: string, object: KubeObject): string | undefined {
  return managers(object).find((manager) => manager !== fieldManager && manager.startsWith(managerPrefix));
}
