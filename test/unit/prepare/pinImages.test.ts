import assert from "node:assert/strict";
import { test } from "node:test";
import { silent } from "../../../provider/lib/progress";
import type { PrepareContext } from "../../../provider/steps/prepare/context";
import { pinImages } from "../../../provider/steps/prepare/pinImages";
import { planHost } from "../../../provider/steps/prepare/plan";
import { bareSurvey, inputs, planOf, recordingHost } from "./inputs";

const before = "1.33.13";
const plan = planOf();
const supply = { bundle: undefined };

async function pin(pinned: readonly string[], of = plan): Promise<(readonly string[])[]> {
  const { host, told } = recordingHost();
  const survey = { ...bareSurvey, pinned: new Set(pinned) };
  await pinImages.run({ host, progress: silent, inputs, plan: of, supply, survey } as unknown as PrepareContext);
  return told.map(({ args }) => args);
}

test("what is wanted is kept from a kubelet that needs room, and nothing that is no longer", async () => {
  const former = "registry.k8s.io/kube-proxy:v1.33.13";
  const [first = "", ...rest] = plan.images;
  assert.deepEqual(await pin([]), [["yes", first, ...rest]]);
  assert.deepEqual(await pin([first, former]), [
    ["yes", ...rest],
    ["", former],
  ]);
  assert.deepEqual(await pin(plan.images), []);
});

test("what a node's own version needs is kept until the node is upgraded", async () => {
  const upgrading = planHost({ inputs, architecture: "amd64", keepsRuntime: false, before });
  const older = "registry.k8s.io/kube-proxy:v1.32.9";
  const own = upgrading.imagesBefore.filter((ref) => !plan.images.includes(ref));
  assert.ok(own.some((ref) => ref.includes("/coredns:")));
  assert.deepEqual(await pin([...own, ...plan.images], upgrading), []);
  assert.deepEqual(await pin([...own, older, ...plan.images], upgrading), [["", older]]);
  assert.deepEqual(await pin([...own, ...plan.images]), [["", ...own]]);
});
