// What applying again would change: the difference between what is there and what the API says an apply would make of it. Pure.
import { isDeepStrictEqual } from "node:util";
import { type Identity, identityOf, type KubeObject, shown } from "../host/kubeObject";
import { keyOf } from "./applied";

/** One line for each object that is missing, was made anew by somebody, or is different; names of fields, never values. */
export function driftOf(
  recorded: readonly Identity[],
  live: readonly KubeObject[],
  again: readonly KubeObject[],
): string[] {
  const present = byKey(live);
  const wanted = byKey(again);
  return recorded.flatMap((identity) => {
    const found = present.get(keyOf(identity));
    if (!found) return [`${shown(identity)} is missing`];
    if (identity.uid && found.metadata.uid !== identity.uid) return [`${shown(identity)} was deleted and made anew`];
    const target = wanted.get(keyOf(identity));
    if (!target) return [];
    const fields = differences(meaning(found), meaning(target));
    return fields.length > 0 ? [`${shown(identity)} is changed: ${some(fields)}`] : [];
  });
}

function byKey(objects: readonly KubeObject[]): Map<string, KubeObject> {
  return new Map(objects.map((object) => [keyOf(identityOf(object)), object]));
}

/** Without what every write changes, and what controllers report. */
function meaning(object: KubeObject): unknown {
  const { status: _status, metadata, ...rest } = object;
  const { managedFields: _fields, resourceVersion: _version, generation: _generation, ...named } = metadata;
  return { ...rest, metadata: named };
}

/** Paths at which two values differ. */
export function differences(a: unknown, b: unknown, path = ""): string[] {
  if (isDeepStrictEqual(a, b)) return [];
  if (Array.isArray(a) && Array.isArray(b) && a.length === b.length) {
    return a.flatMap((item, index) => differences(item, b[index], `${path}[${index}]`));
  }
  if (!isMap(a) || !isMap(b)) return [path === "" ? "." : path];
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return keys.flatMap((key) => differences(a[key], b[key], `${path}.${key}`));
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function some(fields: string[]): string {
  const shownFields = fields.slice(0, 5).join(", ");
  return fields.length > 5 ? `${shownFields} and ${fields.length - 5} more` : shownFields;
}
