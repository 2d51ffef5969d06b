// diff: per field, offline. Unknown means "update", and "replace" only of what follows another resource.
import type { Target } from "../kubeadm/spec";
import { containsUnknown, knownFields } from "../lib/unknown";
import { type AnyHandler, type Bag, inputsOf, knownOf, same } from "./bag";

export interface Diff {
  changes: boolean;
  replaces: string[];
  deleteBeforeReplace: boolean;
}

export function diff(handler: AnyHandler, id: string, olds: Bag, news: Bag): Diff {
  const changed = changedFields(handler, olds, news);
  const replaces = changed.filter((field) => isReplacement(handler, field, olds, news));
  return {
    changes: changed.length > 0 || olds["converged"] === false || due(handler, id, olds, news) !== undefined,
    replaces,
    // A machine is one node: the old one has to leave under its name before the new one joins under the same.
    deleteBeforeReplace: replaces.length > 0 && (handler.deleteBeforeReplace ?? true),
  };
}

/** Whether an update has anything to do on a host; else it only saves new credentials, deadlines and the like. */
export function needsWork(handler: AnyHandler, id: string, olds: Bag, news: Bag): boolean {
  if (olds["converged"] === false || due(handler, id, olds, news) !== undefined) return true;
  return changedFields(handler, olds, news).some((field) => {
    if (handler.changes[field] === "quiet" || handler.changes[field] === "follow") return false;
    return field !== "target" || !sameMachine(olds[field] as Target, news[field] as Target);
  });
}

/** Why there is work though nothing differs, such as a certificate near its end; from the state and the clock alone. */
export function due(handler: AnyHandler, id: string, olds: Bag, news: Bag): string | undefined {
  return handler.due?.(knownOf(handler, id, olds), knownFields(inputsOf(handler, news)), Date.now());
}

function changedFields(handler: AnyHandler, olds: Bag, news: Bag): string[] {
  return Object.keys(handler.changes).filter((field) => {
    if (handler.changes[field] === "ignored") return false;
    return containsUnknown(news[field]) || !same(olds[field], news[field]);
  });
}

function isReplacement(handler: AnyHandler, field: string, olds: Bag, news: Bag): boolean {
  const unknown = containsUnknown(news[field]);
  if (handler.changes[field] === "follow") return unknown && olds[field] !== undefined;
  if (handler.changes[field] !== "replace" || unknown) return false;
  return handler.replaces?.(field, inputsOf(handler, olds), knownFields(inputsOf(handler, news))) ?? true;
}

function sameMachine(before: Target, after: Target): boolean {
  return before.machineId === after.machineId && before.address === after.address;
}
