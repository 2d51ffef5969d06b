import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../../provider/host/kubeObject";
import { blockersOf, judgeBudgets, namespacesAtRisk } from "../../../provider/steps/upgradeChecks/budgets";
import { short, texts, wish } from "./view";

interface Numbers {
  healthy: number;
  needed: number;
  expected: number;
  allowed?: number;
}

function budget(
  name: string,
  { healthy, needed, expected, allowed = Math.max(0, healthy - needed) }: Numbers,
  spec = {},
) {
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name, namespace: "shop", generation: 1 },
    spec: { selector: { matchLabels: { app: "web" } }, ...spec },
    status: {
      observedGeneration: 1,
      disruptionsAllowed: allowed,
      currentHealthy: healthy,
      desiredHealthy: needed,
      expectedPods: expected,
    },
  };
}

function pod(
  name: string,
  more: { ready?: boolean; phase?: string; node?: string; namespace?: string } = {},
): KubeObject {
  const { ready = true, phase = "Running", node = "w1", namespace = "shop" } = more;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, labels: { app: "web" } },
    spec: { nodeName: node },
    status: { phase, conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
  };
}

const drained = new Set(["w1"]);
const tight = { healthy: 1, needed: 1, expected: 1 };

test("a budget that allows nothing holds back the pods it counts on a node that is drained", () => {
  const [blocker, ...more] = blockersOf([budget("web", tight)], [pod("a"), pod("b")], drained);
  assert.deepEqual(more, []);
  assert.deepEqual(blocker, {
    budget: "shop/web",
    why: "it allows no disruption (1 of 1 healthy, 1 needed)",
    pods: ["shop/a", "shop/b"],
    mayPass: false,
  });
});

test("what allows one, counts other pods, or counts none that has to leave, holds nothing back", () => {
  const roomy = budget("web", { healthy: 2, needed: 1, expected: 2 });
  assert.deepEqual(blockersOf([roomy], [pod("a")], drained), []);
  const other = budget("web", tight, { selector: { matchLabels: { app: "db" } } });
  assert.deepEqual(blockersOf([other], [pod("a")], drained), []);
  assert.deepEqual(blockersOf([budget("web", tight)], [pod("a", { node: "w2" })], drained), []);
  assert.deepEqual(blockersOf([budget("web", tight)], [pod("a", { namespace: "other" })], drained), []);
});

test("pods that the API evicts all the same", () => {
  const leaving = { ...pod("a"), metadata: { ...pod("a").metadata, deletionTimestamp: "now" } };
  for (const one of [pod("a", { phase: "Pending", ready: false }), pod("a", { phase: "Succeeded" }), leaving])
    assert.deepEqual(blockersOf([budget("web", tight)], [one], drained), []);
  const sick = pod("a", { ready: false });
  const enough = budget("web", { healthy: 1, needed: 1, expected: 2 });
  assert.deepEqual(blockersOf([enough], [sick], drained), []);
  const always = budget("web", { healthy: 0, needed: 1, expected: 1 }, { unhealthyPodEvictionPolicy: "AlwaysAllow" });
  assert.deepEqual(blockersOf([always], [sick], drained), []);
  const needy = budget("web", { healthy: 0, needed: 1, expected: 1 });
  assert.equal(blockersOf([needy], [sick], drained).length, 1);
});

test("a pod that is starting is worth waiting for, one that is one too many is not", () => {
  const mayPass = (numbers: Numbers) => blockersOf([budget("web", numbers)], [pod("a")], drained)[0]?.mayPass;
  assert.equal(mayPass({ healthy: 1, needed: 1, expected: 2 }), true);
  assert.equal(mayPass({ healthy: 1, needed: 2, expected: 2 }), false);
  assert.equal(mayPass({ healthy: 2, needed: 2, expected: 2 }), false);
  const changed = budget("web", tight);
  changed.metadata.generation = 2;
  assert.equal(blockersOf([changed], [pod("a")], drained)[0]?.mayPass, true);
});

test("two budgets over one pod never let it go", () => {
  const roomy = { healthy: 3, needed: 1, expected: 3 };
  const [blocker] = blockersOf([budget("web", roomy), budget("all", roomy)], [pod("a")], drained);
  assert.equal(blocker?.budget, "shop/all and shop/web");
  assert.equal(blocker?.mayPass, false);
});

test("only namespaces where something could be held back are looked into", () => {
  const roomy = { healthy: 3, needed: 1, expected: 3 };
  assert.deepEqual(namespacesAtRisk([budget("web", roomy)]), []);
  assert.deepEqual(namespacesAtRisk([budget("web", tight)]), ["shop"]);
  assert.deepEqual(namespacesAtRisk([budget("web", roomy), budget("all", roomy)]), ["shop"]);
});

test("the policy decides whether it is refused or only told", () => {
  const blockers = blockersOf([budget("web", tight)], [pod("a")], drained);
  const stop = judgeBudgets(blockers, wish());
  assert.deepEqual(short(stop), ["UpgradeBudgets"]);
  assert.match(texts(stop), /PodDisruptionBudget shop\/web, which would hold back shop\/a: it allows no disruption/);
  for (const onBlocked of ["force", "skip"] as const)
    assert.deepEqual(short(judgeBudgets(blockers, wish({ onBlocked }))), ["(UpgradeBudgets)"]);
});
