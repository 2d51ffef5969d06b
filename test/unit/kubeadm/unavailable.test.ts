import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { unavailableBudget } from "../../../provider/kubeadm/unavailable";

const workers = fc.nat({ max: 5000 });

test("one worker at a time where nothing is said", () => {
  fc.assert(fc.property(workers, (count) => assert.equal(unavailableBudget(undefined, count), 1)));
});

test("a number counts as it is", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), workers, (n, count) => assert.equal(unavailableBudget(n, count), n)),
  );
});

test("a percentage is rounded down and never stops everything", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100 }), workers, (percent, count) => {
      const budget = unavailableBudget(`${percent}%`, count);
      assert.ok(Number.isInteger(budget) && budget >= 1);
      assert.ok(budget === 1 || budget * 100 <= count * percent, "never more than the percentage");
      assert.ok((budget + 1) * 100 > count * percent, "never one less than it could be");
    }),
  );
  assert.equal(unavailableBudget("20%", 9), 1);
  assert.equal(unavailableBudget("20%", 10), 2);
  assert.equal(unavailableBudget("29%", 100), 29);
});

test("anything else is an error", () => {
  for (const text of ["", "2", "20 %", "-5%", "1.5%"]) assert.throws(() => unavailableBudget(text, 10), RangeError);
});
