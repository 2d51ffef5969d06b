// What a handler is given to work with: progress lines on the resource's own line.
import type { Operation } from "../handlers/handler";
import { redact } from "../lib/redact";
import type { Bag } from "./bag";
import { engineLog } from "./engine";

const urnOf = (bag: Bag): string => (typeof bag["logUrn"] === "string" ? bag["logUrn"] : "");

/** A line that stays: among the resource's diagnostics, of a preview too. */
export function note(bag: Bag, text: string): void {
  engineLog({ urn: urnOf(bag), text: redact(text), severity: "info", ephemeral: false });
}

export function operationFor(bag: Bag): Operation {
  const urn = urnOf(bag);
  return {
    progress: {
      say: (text) => engineLog({ urn, text: redact(text), severity: "info", ephemeral: true }),
      warn: (text) => engineLog({ urn, text: redact(text), severity: "warning", ephemeral: false }),
    },
  };
}
