// check: all problems at once, offline, and never a word about a value that is not known yet.

import type { z } from "zod";
import { aboutUnknown, containsUnknown, knownFields, knownParts } from "../lib/unknown";
import { type AnyHandler, type Bag, inputsOf, same, withoutWire } from "./bag";

export interface CheckFailure {
  /** Always empty: the engine would print the property's value beside it, secrets included. The reason names the path. */
  property: string;
  reason: string;
}

export function check(handler: AnyHandler, olds: Bag, news: Bag): CheckFailure[] {
  const before = inputsBefore(handler, olds);
  const known = knownFields(withoutWire(news));
  const reasons = [
    ...shape(handler, withoutWire(news)),
    ...fixed(handler, before, withoutWire(news)),
    ...(handler.rules?.(known, before) ?? []),
  ];
  return reasons.map((reason) => ({ property: "", reason }));
}

/** For the user to read beside the preview, where nothing was refused. */
export function advice(handler: AnyHandler, olds: Bag, news: Bag): string[] {
  const before = inputsBefore(handler, olds);
  return (before && handler.advice?.(knownParts(inputsOf(handler, news)), before)) ?? [];
}

function inputsBefore(handler: AnyHandler, olds: Bag): Bag | undefined {
  return Object.keys(withoutWire(olds)).length > 0 ? inputsOf(handler, olds) : undefined;
}

function shape(handler: AnyHandler, news: Bag): string[] {
  const result = handler.schema.safeParse(news);
  if (result.success) return [];
  return result.error.issues
    .filter((issue) => !aboutUnknown(news, issue))
    .map((issue) => `${pathText(issue)}: ${issue.message}`);
}

/** Given later or taken away is a change as well: the cluster that is there was made without, or with it. */
function fixed(handler: AnyHandler, olds: Bag | undefined, news: Bag): string[] {
  if (!olds) return [];
  return Object.entries(handler.changes)
    .filter(([key, change]) => change === "fixed" && !containsUnknown([olds[key], news[key]]))
    .filter(([key]) => !same(olds[key], news[key]))
    .map(
      ([key]) => `${key} cannot change in place, and nothing here ever replaces a cluster: put the former value back`,
    );
}

export function pathText(issue: Pick<z.core.$ZodIssue, "path">): string {
  return issue.path
    .map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`))
    .join("")
    .replace(/^\./, "");
}
