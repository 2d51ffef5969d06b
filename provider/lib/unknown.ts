// Values a preview does not know yet arrive as one marker string; none of our rules may judge them.

/** The constant of Pulumi's wire format (sdk/nodejs/runtime/rpc.ts, unknownValue). */
export const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export function containsUnknown(value: unknown): boolean {
  if (value === unknownValue) return true;
  if (Array.isArray(value)) return value.some(containsUnknown);
  if (value !== null && typeof value === "object") return Object.values(value).some(containsUnknown);
  return false;
}

/** The value at a path, or the marker as soon as the way there is unknown. */
export function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let current = value;
  for (const key of path) {
    if (current === unknownValue) return unknownValue;
    if (current === null || typeof current !== "object") return undefined;
    current = (current as Record<PropertyKey, unknown>)[key];
  }
  return current;
}

/** Without the top-level fields that hold anything unknown. */
export function knownFields(bag: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(bag).filter(([, value]) => !containsUnknown(value)));
}

/** What is known of a value: fields and elements that are not are left out, however deep. */
export function knownParts(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => item !== unknownValue).map(knownParts);
  if (value === null || typeof value !== "object") return value === unknownValue ? undefined : value;
  const known = Object.entries(value).filter(([, item]) => item !== unknownValue);
  return Object.fromEntries(known.map(([key, item]) => [key, knownParts(item)]));
}

/** Whether a schema's complaint is about something not known yet. A key that no schema has is wrong whatever its value will be. */
export function aboutUnknown(value: unknown, issue: { code: string; path: readonly PropertyKey[] }): boolean {
  return issue.code !== "unrecognized_keys" && containsUnknown(at(value, issue.path));
}
