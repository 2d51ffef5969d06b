// What a handler is given to work with: progress lines on the resource's own line.
import type { Operation } from "../handlers/handler";
import { redact } from "../lib/redact";
import type { Bag } from "./bag";
import { engineLog } from "./engine";

export function operationFor(bag: Bag): Operation {
  const urn = typeof bag["logUrn"] === "string" ? bag["logUrn"] : "";
  return {
    progress: {
      say: (text) => engineLog({ urn, text: redact(text), severity: "info", ephemeral: true }),
      warn: (text) => engineLog({ urn, text: redact(text), severity: "warning", ephemeral: false }),
    },
  };
}
