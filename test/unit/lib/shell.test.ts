import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import fc from "fast-check";
import { commandLine, quote } from "../../../provider/lib/shell";

test("plain words stay readable, everything else is quoted", () => {
  assert.equal(
    commandLine(["kubeadm", "init", "--config=/run/a_b.yaml", "x@y:1,2%+"]),
    "kubeadm init --config=/run/a_b.yaml x@y:1,2%+",
  );
  assert.equal(quote(""), "''");
  assert.equal(quote("it's"), "'it'\\''s'");
  assert.equal(quote("=x"), "'=x'");
  assert.equal(quote("~"), "'~'");
  assert.equal(quote("ü"), "'ü'");
});

test("a NUL byte and an empty command are refused", () => {
  assert.throws(() => quote("a\0b"), RangeError);
  assert.throws(() => commandLine([]), RangeError);
});

test("a shell reads back what went in", () => {
  const argument = fc.string({ unit: "grapheme", maxLength: 30 }).map((text) => text.replaceAll("\0", ""));
  fc.assert(
    fc.property(fc.array(argument, { minLength: 1, maxLength: 5 }), (argv) => {
      const output = execFileSync("sh", ["-c", commandLine(["printf", "%s\\001", ...argv])], { encoding: "utf8" });
      assert.equal(output, argv.map((text) => `${text}\u0001`).join(""));
    }),
    { numRuns: 40 },
  );
});
