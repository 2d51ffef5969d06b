// One kind of command and what a host answers to it.
import type { Command } from "./command";
import type { SimulatedHost } from "./host";

export interface Answer {
  code?: number;
  stdout?: string;
  stderr?: string;
}

export interface Asked {
  host: SimulatedHost;
  command: Command;
  /** Its beginning; what is long is swallowed. */
  stdin: string;
}

export interface Rule {
  /** For the count of commands in the report. */
  name: string;
  /** How long a machine would take, beside the round trip. */
  ms?: number;
  matches: (command: Command) => boolean;
  answer?: (asked: Asked) => Answer | string;
}

/** A script that has this text in it. */
export const scriptWith =
  (text: string) =>
  ({ script }: Command): boolean =>
    script.includes(text);

/** Exactly this script, as the provider exports it. */
export const scriptIs = (text: string) => {
  const trimmed = text.trim();
  return ({ script }: Command): boolean => script === trimmed;
};

/** A program with these first arguments. */
export const program =
  (...start: string[]) =>
  ({ argv }: Command): boolean =>
    start.every((word, index) => argv[index] === word);
