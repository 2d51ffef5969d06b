// Serves a handler as Pulumi's dynamic provider: plain bags in, plain bags out.
import { PartialFailure } from "../handlers/handler";
import { RefusedError, UserError } from "../lib/errors";
import { redact } from "../lib/redact";
import { type AnyHandler, type Bag, inputsOf, knownOf, outputsOf, stateOf, withoutWire } from "./bag";
import { advice, type CheckFailure, check } from "./check";
import { type Diff, diff, due, needsWork } from "./diff";
import { note, operationFor } from "./operation";
import { rememberSecrets } from "./secrets";

export interface DynamicProvider {
  check(olds: Bag, news: Bag): Promise<{ inputs: Bag; failures: CheckFailure[] }>;
  diff(id: string, olds: Bag, news: Bag): Promise<Diff>;
  create(bag: Bag): Promise<{ id: string; outs: Bag }>;
  update(id: string, olds: Bag, news: Bag): Promise<{ outs: Bag }>;
  read(id: string, bag: Bag): Promise<{ id?: string; props?: Bag; inputs?: Bag }>;
  delete(id: string, bag: Bag): Promise<void>;
}

export function adapt(handler: AnyHandler): DynamicProvider {
  return {
    check: async (olds, news) => {
      const failures = check(handler, olds, news);
      if (failures.length === 0) for (const text of advice(handler, olds, news)) note(news, text);
      return { inputs: news, failures };
    },
    diff: async (id, olds, news) => {
      const reason = due(handler, id, olds, news);
      if (reason !== undefined) note(news, reason);
      return diff(handler, id, olds, news);
    },
    create: (bag) => guarded(bag, () => create(handler, bag)),
    update: (id, olds, news) => guarded(news, () => update(handler, id, olds, news)),
    read: (id, bag) => guarded(bag, () => read(handler, id, bag)),
    delete: (id, bag) => guarded(bag, () => handler.delete(operationFor(bag), knownOf(handler, id, bag))),
  };
}

async function create(handler: AnyHandler, bag: Bag): Promise<{ id: string; outs: Bag }> {
  const inputs = inputsOf(handler, bag);
  try {
    const made = await handler.create(operationFor(bag), handler.schema.parse(withoutWire(bag)));
    return { id: made.id, outs: stateOf(bag, inputs, made.outputs, true) };
  } catch (error) {
    throw error instanceof PartialFailure
      ? partial(error.id, stateOf(bag, inputs, error.outputs, false), error.cause)
      : error;
  }
}

async function update(handler: AnyHandler, id: string, olds: Bag, news: Bag): Promise<{ outs: Bag }> {
  const inputs = inputsOf(handler, news);
  const known = knownOf(handler, id, olds);
  if (!needsWork(handler, id, olds, news)) return { outs: stateOf(news, inputs, known.outputs, true) };
  try {
    const outputs = await handler.update(operationFor(news), known, handler.schema.parse(withoutWire(news)));
    return { outs: stateOf(news, inputs, outputs, true) };
  } catch (error) {
    // Refused before anything changed: the state keeps what was true before.
    if (error instanceof RefusedError) throw error;
    // New credentials must not be lost with the failure: a later destroy needs them.
    const outputs = error instanceof PartialFailure ? { ...known.outputs, ...error.outputs } : known.outputs;
    throw partial(id, stateOf(news, inputs, outputs, false), error instanceof PartialFailure ? error.cause : error);
  }
}

async function read(handler: AnyHandler, id: string, bag: Bag): Promise<{ id?: string; props?: Bag; inputs?: Bag }> {
  const known = knownOf(handler, id, bag);
  const found = await handler.read(operationFor(bag), known);
  if (!found) return {};
  const props = stateOf(bag, inputsOf(handler, found.inputs), outputsOf(handler, found.outputs), known.converged);
  // The program never says `converged`: an input of that name would be a difference after every refresh.
  const { converged: _, ...inputs } = stateOf(bag, inputsOf(handler, found.inputs), {}, true);
  return { id, props, inputs };
}

/** What the engine turns into "init failed": the resource stays in the state and the next `up` updates it. */
function partial(id: string, properties: Bag, cause: unknown): object {
  const text = redact(cause instanceof Error ? cause.message : String(cause));
  return Object.assign(new Error(text), { id, properties, reasons: [text] });
}

/** Secrets are known before anything can print them, and what is thrown carries none and no stack for the user to read. */
async function guarded<T>(bag: Bag, work: () => Promise<T>): Promise<T> {
  rememberSecrets(bag);
  try {
    return await work();
  } catch (error) {
    if (error instanceof Error) {
      error.message = redact(error.message);
      // The process prints message and stack, one after the other, beside what the engine prints.
      if (error instanceof UserError || "reasons" in error) error.stack = "";
    }
    throw error;
  }
}
