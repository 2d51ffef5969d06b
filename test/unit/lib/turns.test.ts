import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as tick } from "node:timers/promises";
import fc from "fast-check";
import { RefusedError } from "../../../provider/lib/errors";
import { Rollout, withTurn } from "../../../provider/lib/turns";

const quiet = () => undefined;

/** Work that ends when the test says so. */
function gate() {
  let open: () => void = quiet;
  let fail: (error: Error) => void = quiet;
  const passed = new Promise<void>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { passed, open, fail };
}

async function settle(): Promise<void> {
  for (let round = 0; round < 5; round += 1) await tick();
}

describe("turns of a rollout", () => {
  const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,2}[0-9]{1,2}$/), { minLength: 1, maxLength: 12 });

  it("are never more at once than there are places, and everybody gets one", async () => {
    const delays = fc.array(fc.nat(3), { minLength: 12, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(
        names,
        fc.integer({ min: 1, max: 4 }),
        fc.boolean(),
        delays,
        async (all, places, asks, waits) => {
          const rollout = new Rollout();
          let now = 0;
          let most = 0;
          const done: string[] = [];
          const capacity = asks
            ? async (inside: readonly string[]) => {
                await tick();
                assert.ok(inside.length <= places);
                return places;
              }
            : places;
          const run = async (name: string, index: number) => {
            for (let round = 0; round < (waits[index] ?? 0); round += 1) await tick();
            await rollout.take({ name, capacity }, quiet, async () => {
              now += 1;
              most = Math.max(most, now);
              for (let round = 0; round < (waits.at(-1 - index) ?? 0); round += 1) await tick();
              now -= 1;
              done.push(name);
            });
          };
          await Promise.all(all.map(run));
          assert.ok(most <= places, `${most} at once`);
          assert.deepEqual(done.sort(), [...all].sort());
        },
      ),
    );
  });

  it("stop for good when one fails: nobody else starts, and whoever runs ends", async () => {
    await fc.assert(
      fc.asyncProperty(names, fc.integer({ min: 1, max: 3 }), fc.nat(11), async (all, places, which) => {
        const rollout = new Rollout();
        const broken = all[which % all.length] ?? "";
        const started: string[] = [];
        let failed = false;
        const outcomes = await Promise.allSettled(
          all.map((name) =>
            rollout.take({ name, capacity: places }, quiet, async () => {
              assert.ok(!failed, `${name} started after the failure`);
              started.push(name);
              await tick();
              if (name !== broken) return;
              failed = true;
              throw new Error("it broke");
            }),
          ),
        );
        for (const [index, outcome] of outcomes.entries()) {
          const name = all[index] ?? "";
          if (name === broken)
            assert.match(String(outcome.status === "rejected" && outcome.reason), /^Error: it broke$/);
          else if (started.includes(name)) assert.equal(outcome.status, "fulfilled");
          else assert.ok(outcome.status === "rejected" && outcome.reason instanceof RefusedError);
        }
        await assert.rejects(
          rollout.take({ name: "later", capacity: 9 }, quiet, async () => undefined),
          new RegExp(`later was not started: the rollout stopped when ${broken} failed \\(it broke\\)[^]*What to do`),
        );
      }),
    );
  });

  it("go to those that wait in the order of their names", async () => {
    const rollout = new Rollout();
    const first = gate();
    const order: string[] = [];
    const said: string[] = [];
    const take = (name: string) =>
      rollout.take(
        { name, capacity: 1 },
        (text) => said.push(text),
        async () => void order.push(name),
      );
    const running = rollout.take({ name: "w9", capacity: 1 }, quiet, () => first.passed);
    await settle();
    const all = [running, take("w10"), take("w2")];
    await settle();
    assert.deepEqual(order, []);
    assert.ok(said.includes("w2 waits for w9"), said.join("\n"));
    first.open();
    await Promise.all(all);
    assert.deepEqual(order, ["w2", "w10"]);
  });

  it("stop for a refusal too, which changed nothing: it would be met again", async () => {
    const rollout = new Rollout();
    const refused = new RefusedError("a budget blocks", "make it smaller");
    const one = rollout.take({ name: "w1", capacity: 1 }, quiet, () => Promise.reject(refused));
    const two = rollout.take({ name: "w2", capacity: 1 }, quiet, async () => undefined);
    await assert.rejects(one, refused);
    await assert.rejects(two, /w2 was not started: the rollout stopped when w1 failed \(a budget blocks\)/);
  });

  it("ask again for places whenever one comes free, and tell who is inside", async () => {
    const rollout = new Rollout();
    const gates = [gate(), gate()];
    const asked: string[][] = [];
    const started: string[] = [];
    const take = (name: string, until: Promise<void>) =>
      rollout.take(
        {
          name,
          capacity: (inside) => {
            asked.push([...inside]);
            return started.length === 0 ? 1 : 2;
          },
        },
        quiet,
        async () => {
          started.push(name);
          await until;
        },
      );
    const all = gates.map(({ passed }, index) => take(`w${index + 1}`, passed));
    await settle();
    assert.deepEqual(started, ["w1", "w2"]);
    assert.ok(asked.some((inside) => inside.length === 1 && inside[0] === "w1"));
    for (const { open } of gates) open();
    await Promise.all(all);
  });

  it("are refused when there is no place and nobody will ever leave one", async () => {
    const take = (rollout: Rollout, capacity: () => number) =>
      rollout.take({ name: "w1", capacity }, quiet, async () => undefined);
    await assert.rejects(
      take(new Rollout(), () => 0),
      /w1 was not started: as many nodes are away/,
    );
    const reason = () => {
      throw new RefusedError("w7 is not Ready", "bring it back");
    };
    await assert.rejects(take(new Rollout(), reason), /w7 is not Ready/);
  });

  it("of one key know nothing of another's failure", async () => {
    const turn = { name: "w1", capacity: 1 };
    await assert.rejects(
      withTurn("one/runtime", turn, quiet, () => Promise.reject(new Error("no"))),
      /no/,
    );
    await assert.rejects(
      withTurn("one/runtime", turn, quiet, async () => 1),
      RefusedError,
    );
    assert.equal(await withTurn("two/runtime", turn, quiet, async () => 2), 2);
  });
});
