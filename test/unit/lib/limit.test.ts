import assert from "node:assert/strict";
import { test } from "node:test";
import { Gate } from "../../../provider/lib/limit";

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test("never more than its places, in order, and all get through", async () => {
  const gate = new Gate(3);
  let most = 0;
  const order: number[] = [];
  await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      gate.run(async () => {
        order.push(index);
        most = Math.max(most, gate.inside);
        await turn();
      }),
    ),
  );
  assert.equal(most, 3);
  assert.deepEqual(
    order,
    Array.from({ length: 20 }, (_, index) => index),
  );
  assert.equal(gate.inside, 0);
});

test("a failure gives its place back", async () => {
  const gate = new Gate(1);
  await assert.rejects(
    gate.run(async () => {
      throw new Error("no");
    }),
    /no/,
  );
  assert.equal(await gate.run(async () => "next"), "next");
});

test("leaving twice counts once", async () => {
  const gate = new Gate(1);
  const leave = await gate.enter();
  const second = gate.enter();
  leave();
  leave();
  await second;
  let third = false;
  void gate.enter().then(() => {
    third = true;
  });
  await turn();
  assert.equal(third, false);
});

test("a narrower gate lets those inside finish and fewer in", async () => {
  const gate = new Gate(3);
  const leaves = await Promise.all([gate.enter(), gate.enter(), gate.enter()]);
  gate.narrow(1);
  let entered = 0;
  const waiting = [1, 2].map(() =>
    gate.run(async () => {
      entered += 1;
      assert.equal(gate.inside, 1);
      await turn();
    }),
  );
  leaves[0]?.();
  leaves[1]?.();
  await turn();
  assert.equal(entered, 0);
  leaves[2]?.();
  await Promise.all(waiting);
  assert.equal(entered, 2);
  gate.narrow(0);
  assert.equal(gate.capacity, 1);
  assert.throws(() => new Gate(0), RangeError);
});
