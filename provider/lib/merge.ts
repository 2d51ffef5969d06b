// Merging one plain document over another, as users expect it of configuration.

/** A document: what JSON, YAML or TOML describe. */
export type Document = { [key: string]: unknown };

/**
 * How two lists meet: the one above wins whole, or both are kept without repeats,
 * or their entries are matched by a field (`{ by: "name" }`).
 */
export type ListRule = "replace" | "union" | { by: string };

/** Told the path of a list, says how it merges. */
export type ListRules = (path: readonly string[]) => ListRule;

const replaceLists: ListRules = () => "replace";

export function isDocument(value: unknown): value is Document {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `over` on top of `base`: maps deeply, null takes a key out, undefined says nothing, the rest wins. Neither is changed. */
export function merge(base: Document, over: Document, lists: ListRules = replaceLists): Document {
  return mergeAt(base, over, lists, []);
}

function mergeAt(base: Document, over: Document, lists: ListRules, path: readonly string[]): Document {
  const merged = new Map(Object.entries(base));
  for (const [key, value] of Object.entries(over)) {
    if (value === undefined) continue;
    if (value === null) merged.delete(key);
    else merged.set(key, mergeValue(merged.get(key), value, lists, [...path, key]));
  }
  // fromEntries defines properties, so a key like "__proto__" stays a plain key.
  return Object.fromEntries(merged);
}

function mergeValue(base: unknown, over: unknown, lists: ListRules, path: readonly string[]): unknown {
  // Over nothing, a map still has to lose its nulls.
  if (isDocument(over)) return mergeAt(isDocument(base) ? base : {}, over, lists, path);
  if (!Array.isArray(over)) return over;
  const rule = lists(path);
  const below: unknown[] = Array.isArray(base) ? base : [];
  if (rule === "replace") return over;
  if (rule === "union") return [...new Set([...below, ...over])];
  return mergeNamed(below, over, rule.by, lists, path);
}

/**
 * Entries of the same name merge; a name that is repeated on either side (a flag that may be given twice) is taken
 * from above as a whole; an entry of which only its name is left is gone: that is how one is taken out.
 */
function mergeNamed(
  base: unknown[],
  over: unknown[],
  by: string,
  lists: ListRules,
  path: readonly string[],
): unknown[] {
  const below = group(base, by);
  for (const [name, entries] of group(over, by)) {
    const before = below.get(name);
    const [only, ...others] = entries;
    const [old, ...olds] = before ?? [];
    const single = others.length === 0 && olds.length === 0;
    below.set(name, single ? [mergeValue(old, only, lists, path)] : entries);
  }
  return [...below.values()].flat().filter((entry) => !isDocument(entry) || Object.keys(entry).some((k) => k !== by));
}

function group(list: unknown[], by: string): Map<unknown, unknown[]> {
  const groups = new Map<unknown, unknown[]>();
  for (const entry of list) {
    const name = isDocument(entry) ? entry[by] : entry;
    groups.set(name, [...(groups.get(name) ?? []), entry]);
  }
  return groups;
}
