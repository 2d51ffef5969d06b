// The engine keeps one flat bag per resource: inputs, outputs, and what the wire adds. Here it is taken apart and put together.
import { isDeepStrictEqual } from "node:util";
import type { Handler, Known, Outputs } from "../handlers/handler";

// biome-ignore lint/suspicious/noExplicitAny: handlers of all kinds pass through here; each has checked types of its own.
export type AnyHandler = Handler<any, any>;
export type Bag = Record<string, unknown>;

/** Fields of the wire that no handler knows: the provider's text and the resource's own URN for progress lines. */
const wireFields = ["__provider", "logUrn"] as const;

export function inputsOf(handler: AnyHandler, bag: Bag): Bag {
  return Object.fromEntries(Object.keys(handler.changes).flatMap((key) => (key in bag ? [[key, bag[key]]] : [])));
}

export function outputsOf(handler: AnyHandler, bag: Bag): Bag {
  const apart = new Set<string>([...Object.keys(handler.changes), ...wireFields, "converged"]);
  return Object.fromEntries(Object.entries(bag).filter(([key]) => !apart.has(key)));
}

/** Everything but the wire's own fields, as a schema may judge it: an unknown field of the user's stays in. */
export function withoutWire(bag: Bag): Bag {
  const rest = { ...bag };
  for (const field of wireFields) delete rest[field];
  return rest;
}

export function knownOf(handler: AnyHandler, id: string, bag: Bag): Known<Bag, Outputs> {
  return {
    id,
    inputs: inputsOf(handler, bag),
    outputs: outputsOf(handler, bag),
    converged: bag["converged"] !== false,
  };
}

/** `wire` gives the fields that are kept as they came (`__provider`, without which a later delete cannot run). */
export function stateOf(wire: Bag, inputs: Bag, outputs: Bag, converged: boolean): Bag {
  const kept = Object.fromEntries(wireFields.flatMap((field) => (field in wire ? [[field, wire[field]]] : [])));
  return { ...inputs, ...outputs, ...kept, converged };
}

/** An absent field and one that says undefined or null are the same to the engine. */
export function same(before: unknown, after: unknown): boolean {
  return isDeepStrictEqual(plain(before), plain(after));
}

function plain(value: unknown): unknown {
  return value === undefined || value === null ? undefined : JSON.parse(JSON.stringify(value));
}
