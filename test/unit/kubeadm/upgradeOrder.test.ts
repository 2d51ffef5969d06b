import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { membershipOrder, type Plan, upgradeOrder, upgradeOrderProblems } from "../../../provider/kubeadm/upgradeOrder";

const plan = (kubernetesVersion: string, order: string[], workers: string[] = [], more: Plan = {}): Plan => ({
  kubernetesVersion,
  order,
  hosts: Object.fromEntries([...order, ...workers].map((name) => [name, { controlPlane: order.includes(name) }])),
  ...more,
});

test("control planes one by one, then the workers", () => {
  assert.deepEqual(
    upgradeOrder(plan("1.33.13", ["cp1", "cp2"], ["w1", "w2"]), plan("1.34.4", ["cp1", "cp2"], ["w1", "w2"])),
    [
      [
        "upgrade from 1.33.13 to 1.34.4, in this order:",
        "  1. cp1: kubeadm upgrade apply, then drained for the new kubelet",
        "  2. cp2: kubeadm upgrade node, then drained for the new kubelet",
        "  3. workers, 1 at a time, each drained first: w1, w2",
      ].join("\n"),
    ],
  );
});

test("who joins in the same run comes after those that are there", () => {
  const [text = ""] = upgradeOrder(
    plan("1.34.3", ["cp1"], ["w1"]),
    plan("1.34.4", ["cp1", "cp2"], ["w1", "w9"], { upgrade: { maxUnavailable: "25%" } }),
  );
  assert.deepEqual(text.split("\n").slice(1), [
    "  1. cp1: kubeadm upgrade apply, then the new kubelet",
    "  2. cp2: joins as a control plane at 1.34.4",
    "  3. workers, at most 25% at a time, each drained first: w1",
    "  4. w9: joins at 1.34.4",
  ]);
});

test("nothing is told where the version stays, is not known yet, or cannot be reached", () => {
  const before = plan("1.33.13", ["cp1"]);
  for (const after of [
    before,
    { ...before, kubernetesVersion: undefined },
    plan("1.35.4", ["cp1"]),
    plan("1.33.1", ["cp1"]),
  ])
    assert.deepEqual(upgradeOrder(before, after), []);
});

const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,3}$/), { minLength: 1, maxLength: 6 });

test("a new control plane may stand last and nowhere else while the version changes", () => {
  fc.assert(
    fc.property(names, fc.nat({ max: 6 }), (old, place) => {
      const order = [...old];
      order.splice(Math.min(place, old.length), 0, "fresh");
      const problems = upgradeOrderProblems(plan("1.33.13", old), plan("1.34.4", order));
      assert.equal(problems.length, place >= old.length ? 0 : 1);
      if (problems.length > 0) assert.match(problems.join(), /controlPlanes\.fresh: .*put it last/);
      assert.deepEqual(upgradeOrderProblems(plan("1.34.4", old), plan("1.34.4", order)), []);
    }),
  );
});

test("a control plane neither leaves nor moves while the version changes", () => {
  const leaves = upgradeOrderProblems(plan("1.33.13", ["cp1", "cp2"]), plan("1.34.4", ["cp1"]));
  assert.match(leaves.join(), /controlPlanes\.cp2: .*run of its own/);
  const at = (machineId: string) => ({ hosts: { cp1: { controlPlane: true, target: { machineId } } } });
  const moves = upgradeOrderProblems(plan("1.33.13", ["cp1"], [], at("a")), plan("1.34.4", ["cp1"], [], at("b")));
  assert.match(moves.join(), /controlPlanes\.cp1: .*move it in a run of its own/);
  assert.deepEqual(
    upgradeOrderProblems(plan("1.33.13", ["cp1"], [], at("a")), plan("1.34.4", ["cp1"], [], at("a"))),
    [],
  );
});

test("control planes that come and go are named in the order in which they do", () => {
  assert.deepEqual(membershipOrder(plan("1.34.4", ["cp1"]), plan("1.34.4", ["cp1", "cp2", "cp3"])), [
    "control planes, from 1 to 3, one change at a time: cp2, then cp3 join",
  ]);
  assert.deepEqual(membershipOrder(plan("1.34.4", ["cp1", "cp2", "cp3"]), plan("1.34.4", ["cp1"])), [
    "control planes, from 3 to 1, one change at a time: cp3, then cp2 leave",
  ]);
  assert.deepEqual(membershipOrder(plan("1.34.4", ["cp1", "cp2"]), plan("1.34.4", ["cp2", "cp3"])), [
    "control planes, 2 as before, one change at a time: cp3 joins; cp1 leaves",
  ]);
  assert.deepEqual(membershipOrder(plan("1.34.4", ["cp1"]), plan("1.34.4", ["cp1"])), []);
});
