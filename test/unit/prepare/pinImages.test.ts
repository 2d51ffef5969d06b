import assert from "node:assert/strict";
import { test } from "node:test";
import { silent } from "../../../provider/lib/progress";
import type { PrepareContext } from "../../../provider/steps/prepare/context";
import { pinImages } from "../../../provider/steps/prepare/pinImages";
import { bareSurvey, inputs, planOf, recordingHost } from "./inputs";

const plan = planOf();
const supply = { bundle: undefined };

async function pin(pinned: readonly string[]): Promise<(readonly string[])[]> {
  const { host, told } = recordingHost();
  const survey = { ...bareSurvey, pinned: new Set(pinned) };
  await pinImages.run({ host, progress: silent, inputs, plan, supply, survey } as unknown as PrepareContext);
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
