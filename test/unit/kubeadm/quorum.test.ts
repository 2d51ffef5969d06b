import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  evenNumber,
  hasQuorum,
  lossesSurvived,
  momentOf,
  mustPause,
  type QuorumChange,
  quorumOf,
  quorumProblem,
  simulate,
  type Voter,
} from "../../../provider/kubeadm/quorum";

const shape = fc
  .array(fc.boolean(), { minLength: 1, maxLength: 9 })
  .map((all): Voter[] => all.map((healthy, index) => ({ name: `cp${index + 1}`, healthy })));

const change = fc.oneof(
  fc.constant<QuorumChange>({ kind: "join" }),
  fc.integer({ min: 1, max: 10 }).map((number): QuorumChange => ({ kind: "remove", leaving: `cp${number}` })),
  fc.integer({ min: 1, max: 10 }).map((number): QuorumChange => ({ kind: "restart", restarting: `cp${number}` })),
);

/** What etcd itself counts, member by member, written down without the code under test. */
function survives(voters: readonly Voter[], wish: QuorumChange): boolean {
  const majority = (alive: number, all: number) => all > 0 && alive * 2 > all;
  const alive = (list: readonly Voter[]) => list.filter(({ healthy }) => healthy).length;
  if (!majority(alive(voters), voters.length)) return false;
  if (wish.kind === "join") return majority(alive(voters) + 1, voters.length + 1);
  if (wish.kind === "remove") {
    const rest = voters.filter(({ name }) => name !== wish.leaving);
    return majority(alive(rest), rest.length);
  }
  const rest = voters.filter(({ name }) => name !== wish.restarting);
  return majority(alive(rest), voters.length);
}

test("for every shape of a cluster its quorum is kept, or the change is refused", () => {
  fc.assert(
    fc.property(shape, change, (voters, wish) => {
      if (quorumProblem(voters, wish) !== undefined) return;
      // One or two members have no restart without a pause: nothing else is let through.
      assert.ok(survives(voters, wish) || mustPause(voters, wish));
      assert.ok(hasQuorum(simulate(voters, wish).after));
    }),
    { numRuns: 2000 },
  );
});

test("nothing that keeps the quorum is refused", () => {
  fc.assert(
    fc.property(shape, change, (voters, wish) => {
      if (survives(voters, wish)) assert.equal(quorumProblem(voters, wish), undefined);
    }),
    { numRuns: 2000 },
  );
});

test("a pause is only allowed where there is no other way, and nobody is sick", () => {
  fc.assert(
    fc.property(shape, change, (voters, wish) => {
      if (!mustPause(voters, wish)) return;
      assert.equal(wish.kind, "restart");
      assert.ok(voters.length <= 2 && momentOf(voters).healthy === voters.length);
    }),
  );
});

test("as many are lost as leave a quorum, and not one more", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 99 }), (voters) => {
      const losses = lossesSurvived(voters);
      assert.ok(hasQuorum({ voters, healthy: voters - losses }));
      assert.ok(!hasQuorum({ voters, healthy: voters - losses - 1 }));
      assert.equal(quorumOf(voters), voters - losses);
    }),
  );
});

const of = (text: string): Voter[] =>
  [...text].map((state, index) => ({ name: `cp${index + 1}`, healthy: state === "+" }));

const refused: [string, QuorumChange, RegExp][] = [
  ["++-", { kind: "remove", leaving: "cp1" }, /1 healthy of 2 members would be left, and 2 are needed/],
  ["+--", { kind: "remove", leaving: "cp3" }, /lost its quorum already: 1 healthy of 3 members, and 2 are needed/],
  ["+", { kind: "remove", leaving: "cp1" }, /last member/],
  ["++-", { kind: "restart", restarting: "cp1" }, /while it is away etcd would lose its quorum: 1 healthy of 3/],
  ["+-", { kind: "join" }, /lost its quorum already/],
];
for (const [states, wish, reason] of refused)
  test(`${states}, ${JSON.stringify(wish)}: refused with the numbers`, () => {
    assert.match(quorumProblem(of(states), wish) ?? "", reason);
  });

const allowed: [string, QuorumChange][] = [
  ["++-", { kind: "remove", leaving: "cp3" }],
  ["+++--", { kind: "remove", leaving: "cp4" }],
  ["++-", { kind: "restart", restarting: "cp3" }],
  ["++", { kind: "remove", leaving: "cp2" }],
  ["++", { kind: "restart", restarting: "cp2" }],
  ["+", { kind: "join" }],
];
for (const [states, wish] of allowed)
  test(`${states}, ${JSON.stringify(wish)}: allowed`, () => {
    assert.equal(quorumProblem(of(states), wish), undefined);
  });

test("an even number is told what it is worth", () => {
  assert.equal(evenNumber(3), undefined);
  assert.match(evenNumber(2) ?? "", /survive no loss/);
  assert.equal(evenNumber(4), "4 control planes survive 1 loss, no more than 3 do; 5 survive 2 losses");
});
