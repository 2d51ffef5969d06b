import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { revisionBump } from "../../../provider/kubeadm/revisionBump";

const second = fc.integer({ min: 1_700_000_000, max: 9_000_000_000 });
const writes = fc.integer({ min: 0, max: 100_000 });

test("a later recovery is past all that was seen, also from a backup older than an earlier one", () => {
  const property = fc.property(
    second,
    writes,
    writes,
    fc.integer({ min: 1, max: 1_000_000 }),
    (at, old, rate, later) => {
      const first = old + revisionBump(old, at * 1000);
      const seen = first + (rate - 1) * later;
      assert.ok(old + revisionBump(old, (at + later) * 1000) > seen);
    },
  );
  fc.assert(property);
});

test("a clock that stands long ago still raises it", () => {
  assert.equal(revisionBump(5_000, 0), 1_000_000_000);
  assert.ok(Number.isSafeInteger(revisionBump(0, Date.parse("4000-01-01T00:00:00Z"))));
});
