import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { holds } from "../../../provider/steps/kubeadm/holds";

test("what others added does not count", () => {
  assert.ok(holds({ maxPods: 110, extra: true, nested: { a: 1, b: 2 } }, { maxPods: 110, nested: { a: 1 } }));
});

test("a changed or missing value counts", () => {
  assert.ok(!holds({ maxPods: 50 }, { maxPods: 110 }));
  assert.ok(!holds({}, { maxPods: 110 }));
  assert.ok(!holds({ nested: 1 }, { nested: { a: 1 } }));
});

test("lists are compared whole and in order", () => {
  assert.ok(holds({ dns: ["10.96.0.10"] }, { dns: ["10.96.0.10"] }));
  assert.ok(!holds({ dns: ["10.96.0.10", "1.1.1.1"] }, { dns: ["10.96.0.10"] }));
});

test("zero values are left out by what writes them, and durations have many spellings", () => {
  assert.ok(holds({}, { readOnlyPort: 0, failSwapOn: false }));
  assert.ok(!holds({ failSwapOn: true }, { failSwapOn: false }));
  assert.ok(holds({ period: "1m30s" }, { period: "90s" }));
  assert.ok(!holds({ period: "90s" }, { period: "91s" }));
});

test("every document holds itself", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => assert.ok(holds(value, value))));
});
