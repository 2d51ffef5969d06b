import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Document, type ListRules, merge } from "../../../provider/lib/merge";

const byName: ListRules = () => ({ by: "name" });
const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.integer(), { maxLength: 3 }));
const { node: document } = fc.letrec<{ node: Document; value: unknown }>((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, leaf, tie("node")),
  node: fc.dictionary(fc.constantFrom("a", "b", "c", "__proto__", "constructor"), tie("value"), {
    maxKeys: 4,
    noNullPrototype: true,
  }),
}));

/** Every way to a value that is no map. */
function leaves(value: unknown, path: string[] = []): [string[], unknown][] {
  const inner = typeof value === "object" && value !== null && !Array.isArray(value);
  return inner ? Object.entries(value).flatMap(([key, below]) => leaves(below, [...path, key])) : [[path, value]];
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => {
    return typeof inner === "object" && inner !== null && Object.hasOwn(inner, key)
      ? (inner as Document)[key]
      : undefined;
  }, value);
}

test("every leaf of what is above is in the result", () => {
  fc.assert(
    fc.property(document, document, (base, over) => {
      const merged = merge(base, over);
      for (const [path, value] of leaves(over)) assert.deepEqual(at(merged, path), value);
    }),
  );
});

test("a leaf below stays where nothing above speaks of it or of something it is in", () => {
  fc.assert(
    fc.property(document, document, (base, over) => {
      const merged = merge(base, over);
      for (const [path, value] of leaves(base)) {
        const spokenOf = path.some((_, i) => {
          const said = at(over, path.slice(0, i + 1));
          return said !== undefined && (i === path.length - 1 || typeof said !== "object" || Array.isArray(said));
        });
        if (!spokenOf) assert.deepEqual(at(merged, path), value);
      }
    }),
  );
});

test("merging the same again changes nothing, and neither side is changed", () => {
  fc.assert(
    fc.property(document, document, (base, over) => {
      const before = structuredClone([base, over]);
      const once = merge(base, over);
      assert.deepEqual(merge(once, over), once);
      assert.deepEqual([base, over], before);
    }),
  );
});

test("null takes a key out, also where nothing was below", () => {
  assert.deepEqual(merge({ a: 1, b: { c: 1, d: 2 } }, { a: null, b: { c: null }, e: { f: null, g: 1 } }), {
    b: { d: 2 },
    e: { g: 1 },
  });
});

test("undefined says nothing", () => {
  assert.deepEqual(merge({ a: 1 }, { a: undefined }), { a: 1 });
});

test("lists are replaced unless a rule says otherwise", () => {
  const [base, over] = [{ list: ["a", "b"] }, { list: ["b", "c"] }];
  assert.deepEqual(merge(base, over), { list: ["b", "c"] });
  assert.deepEqual(
    merge(base, over, () => "union"),
    { list: ["a", "b", "c"] },
  );
});

test("entries of one name merge, new ones are added behind", () => {
  const base = {
    args: [
      { name: "v", value: "2" },
      { name: "w", value: "1" },
    ],
  };
  const over = {
    args: [
      { name: "x", value: "9" },
      { name: "v", value: "4" },
    ],
  };
  assert.deepEqual(merge(base, over, byName), {
    args: [
      { name: "v", value: "4" },
      { name: "w", value: "1" },
      { name: "x", value: "9" },
    ],
  });
});

test("an entry is taken out by null in place of all it has", () => {
  const base = {
    args: [
      { name: "v", value: "2" },
      { name: "w", value: "1" },
    ],
  };
  assert.deepEqual(merge(base, { args: [{ name: "v", value: null }] }, byName), { args: [{ name: "w", value: "1" }] });
});

test("a name that is repeated is taken from above as a whole", () => {
  const base = { args: [{ name: "key", value: "a" }] };
  const twice = [
    { name: "key", value: "b" },
    { name: "key", value: "c" },
  ];
  assert.deepEqual(merge(base, { args: twice }, byName), { args: twice });
});
