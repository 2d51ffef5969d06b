// How lists in kubeadm's documents merge with the user's.
import { type Document, type ListRule, merge } from "../lib/merge";

const named = new Set(["extraArgs", "kubeletExtraArgs", "extraEnvs", "extraVolumes"]);
// Sets in all but name: the user's entries are added to ours, which the run depends on.
const sets = new Set(["skipPhases", "ignorePreflightErrors", "certSANs"]);

export function isNamedList(field: string): boolean {
  return named.has(field);
}

function listRule(path: readonly string[]): ListRule {
  const field = path.at(-1) ?? "";
  if (named.has(field)) return { by: "name" };
  return sets.has(field) ? "union" : "replace";
}

/** The user's document over ours. */
export function overlay(ours: Document, users: Document | undefined): Document {
  return merge(ours, users ?? {}, listRule);
}
