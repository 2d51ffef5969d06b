// Compares a text with the one that is kept; UPDATE=1 keeps the new one, to be read in the diff.
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

// Tests run from dist/test/golden; the kept texts are in the source tree.
const kept = join(__dirname, "../../../test/golden");

export function golden(name: string, text: string): void {
  const path = join(kept, `${name}.golden`);
  if (process.env.UPDATE === "1") {
    writeFileSync(path, text);
    return;
  }
  assert.ok(existsSync(path), `${name}.golden is missing: run with UPDATE=1 and read what it writes`);
  assert.equal(text, readFileSync(path, "utf8"), `${name}.golden differs: UPDATE=1 accepts the new text`);
}

/** Several files as one text. */
export function listing(files: readonly { path: string; content: string; mode: number }[]): string {
  return files.map(({ path, content, mode }) => `==> ${path} (${mode.toString(8)})\n${content}`).join("\n");
}
