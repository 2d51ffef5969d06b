// A leaf's life cycle as plain objects; nothing of Pulumi's API is known here, so that a plugin can serve the same handlers.
import type { z } from "zod";
import type { Progress } from "../lib/progress";

/** What a changed input means. */
export type Change =
  /** create, update and delete look at it: the update does remote work */
  | "work"
  /** only how the host is reached or how long we wait: saved without remote work */
  | "quiet"
  /** not a reason for an update */
  | "ignored"
  /** cannot change in place: check refuses it */
  | "fixed"
  /** another machine: replaced, the old one leaves first */
  | "replace"
  /** the id of what this stands on, else saved without remote work: when that is replaced (its id is unknown until then), this leaves first */
  | "follow";

/** Of inputs in a preview: whatever is not known yet is absent, however deep. */
export type Sketch<T> = T extends readonly (infer E)[]
  ? readonly Sketch<E>[]
  : T extends object
    ? { readonly [K in keyof T]?: Sketch<T[K]> | undefined }
    : T;

export interface Operation {
  readonly progress: Progress;
}

export type Outputs = Record<string, unknown>;

/** State as it was after the last operation: the inputs and what the handler added. */
export interface Known<I, O> {
  id: string;
  inputs: I;
  /** Partial after a failed create. */
  outputs: Partial<O>;
  /** False when the last create or update failed: the whole work is due again. */
  converged: boolean;
}

/** Thrown by create and update after the first change on a host, so that the resource stays in the state. */
export class PartialFailure<O> extends Error {
  constructor(
    readonly id: string,
    readonly outputs: Partial<O>,
    override readonly cause: unknown,
  ) {
    super(cause instanceof Error ? cause.message : String(cause));
  }
}

export interface Handler<I extends Record<string, unknown>, O extends Outputs> {
  readonly kind: string;
  readonly schema: z.ZodType<I>;
  readonly changes: { readonly [K in keyof Required<I>]: Change };
  /** Rules over several fields or over the change; pure and offline. Unknown fields are absent from `news`. */
  rules?(news: Partial<I>, olds: I | undefined): string[];
  /** What a change is going to do beyond what the engine shows of it, told once per run; pure and offline. */
  advice?(news: Sketch<I>, olds: I): string[];
  /** Why there is work though no input differs, told in the preview; pure and offline, by the state and `now` in milliseconds. */
  due?(known: Known<I, O>, news: Partial<I>, now: number): string | undefined;
  /** For "replace": whether a change of this field really is another machine. Default: yes. */
  replaces?(field: keyof I, olds: I, news: Partial<I>): boolean;
  /** False where the new one is made first, because it is on another machine and the old one has still to be left. Default true. */
  readonly deleteBeforeReplace?: boolean;
  create(op: Operation, inputs: I): Promise<{ id: string; outputs: O }>;
  update(op: Operation, known: Known<I, O>, inputs: I): Promise<O>;
  /** undefined: proven to be gone. Returned inputs that differ from the program's show as drift. */
  read(op: Operation, known: Known<I, O>): Promise<{ inputs: I; outputs: O } | undefined>;
  delete(op: Operation, known: Known<I, O>): Promise<void>;
}
