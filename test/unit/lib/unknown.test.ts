import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { containsUnknown, knownParts, unknownValue } from "../../../provider/lib/unknown";

test("what is known of a value holds nothing unknown, and all that was known", () => {
  const value = {
    hosts: { w1: { target: unknownValue, worker: true } },
    order: ["a", unknownValue, "b"],
    x: unknownValue,
  };
  assert.deepEqual(knownParts(value), { hosts: { w1: { worker: true } }, order: ["a", "b"] });
  assert.equal(knownParts(unknownValue), undefined);
});

test("a value that is known stays as it is", () => {
  const known = fc.jsonValue().filter((value) => !containsUnknown(value));
  fc.assert(fc.property(known, (value) => assert.deepEqual(JSON.stringify(knownParts(value)), JSON.stringify(value))));
});
