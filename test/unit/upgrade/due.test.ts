import assert from "node:assert/strict";
import { test } from "node:test";
import { applyDue, downgrade, drainDue, kubeadmDue, kubeletDue, upgradeDue } from "../../../provider/steps/upgrade/due";
import type { Found } from "../../../provider/steps/upgrade/found";

const old = "v1.33.13";
const now = "v1.34.4";
const done: Found = {
  kubelet: now,
  ready: true,
  program: now,
  staticPods: [now, now, now],
  configured: now,
  applying: false,
  aside: undefined,
};
const before: Found = { ...done, kubelet: old, program: old, staticPods: [old, old, old], configured: old };
const controlPlane = { kubernetesVersion: "1.34.4", role: "controlPlane" } as const;
const worker = { kubernetesVersion: "1.34.4", role: "worker" } as const;
const cordoned = { cordoned: true, moved: [], daemons: [] };

/** What is due of: apply, kubeadm's part, the drain, the kubelet, anything. */
function due(found: Partial<Found>, wanted: typeof controlPlane | typeof worker): string {
  const all = { ...before, ...found };
  const parts = { apply: applyDue, kubeadm: kubeadmDue, drain: drainDue, kubelet: kubeletDue, any: upgradeDue };
  return Object.entries(parts)
    .filter(([, is]) => is(all, wanted))
    .map(([part]) => part)
    .join(" ");
}

const rows: [what: string, found: Partial<Found>, wanted: typeof controlPlane | typeof worker, expected: string][] = [
  ["the first control plane", {}, controlPlane, "apply kubeadm drain kubelet any"],
  ["a second control plane", { configured: now }, controlPlane, "kubeadm drain kubelet any"],
  ["an apply that did not end", { ...done, applying: true }, controlPlane, "apply kubeadm any"],
  ["static pods half replaced", { ...done, staticPods: [now, old, old] }, controlPlane, "kubeadm any"],
  ["a worker", { configured: now, staticPods: [] }, worker, "kubeadm drain kubelet any"],
  ["a worker never applies", { staticPods: [] }, worker, "kubeadm drain kubelet any"],
  [
    "programs switched, the kubelet not restarted",
    { ...done, staticPods: [], kubelet: old },
    worker,
    "kubeadm drain kubelet any",
  ],
  ["killed before it was uncordoned", { ...done, staticPods: [], aside: cordoned }, worker, "drain any"],
  ["killed before the workloads were back", { ...done, aside: { ...cordoned, cordoned: false } }, controlPlane, "any"],
  ["nothing", done, controlPlane, ""],
];

for (const [what, found, wanted, expected] of rows)
  test(`due: ${what}: ${expected}`, () => assert.equal(due(found, wanted), expected));

test("a control plane is drained for a new minor alone, a worker always", () => {
  const patch = { ...done, kubelet: "v1.34.2", program: "v1.34.2" };
  assert.equal(drainDue(patch, controlPlane), false);
  assert.equal(drainDue(patch, worker), true);
});

test("what is ahead of the program is named, wherever it is", () => {
  assert.equal(downgrade(before, controlPlane), undefined);
  assert.equal(downgrade(done, controlPlane), undefined);
  const back = { kubernetesVersion: "1.33.13", role: "controlPlane" } as const;
  assert.equal(downgrade(done, back), now);
  assert.equal(downgrade({ ...before, staticPods: [now, old, old] }, back), now);
  assert.equal(downgrade({ ...before, kubelet: now }, back), now);
});
