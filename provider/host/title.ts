// A command in a few words, for messages.
import { redact } from "../lib/redact";
import { commandLine } from "../lib/shell";

const longest = 240;

export function shown(argv: readonly string[]): string {
  const line = redact(commandLine(argv));
  return line.length > longest ? `${line.slice(0, longest)}…` : line;
}

/** Of a script, its first line that does something. */
export function firstLine(script: string): string {
  const lines = script
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const first = lines.find((line) => !line.startsWith("#")) ?? "";
  return lines.length > 1 ? `${first} …` : first;
}
