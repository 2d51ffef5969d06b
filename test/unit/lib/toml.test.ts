import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { stringifyToml } from "../../../provider/lib/toml";

const key = fc.oneof(fc.constantFrom("a", "b-c", "io.containerd.grpc.v1.cri", "https://x:5000", ""), fc.string());
const scalar = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.maxSafeInteger(),
  fc.boolean(),
  fc.constant('\u0000\n"\\\u007f'),
);
const { table } = fc.letrec<{ table: Record<string, unknown>; value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    scalar,
    fc.array(scalar, { maxLength: 3 }),
    fc.array(tie("table"), { maxLength: 2 }),
    tie("table"),
  ),
  // The parser refuses "__proto__".
  table: fc.dictionary(
    key.filter((name) => name !== "__proto__"),
    tie("value"),
    { maxKeys: 4 },
  ),
}));

test("a parser reads what is written", async () => {
  const { parse } = await import("smol-toml");
  fc.assert(
    fc.property(table, (document) => {
      assert.deepEqual(
        JSON.parse(JSON.stringify(parse(stringifyToml(document)))),
        JSON.parse(JSON.stringify(document)),
      );
    }),
  );
});

test("what TOML cannot say is an error", () => {
  assert.throws(() => stringifyToml({ a: null }), /null/);
  assert.throws(() => stringifyToml({ a: Number.NaN }), /number/);
});

test("fractions stay fractions", async () => {
  const { parse } = await import("smol-toml");
  assert.deepEqual({ ...parse(stringifyToml({ a: 0.5, b: -2, c: 1e21 })) }, { a: 0.5, b: -2, c: 1e21 });
});
