// What has become of what was applied.
import type { Kubectl } from "../../host/kubectl";
import { type Identity, identityOf, type KubeObject } from "../../host/kubeObject";
import { keyOf } from "../../manifests/applied";
import { driftOf } from "../../manifests/drift";
import { asApplied, secretsOf } from "../../manifests/secrets";
import { getPresent } from "./apply";

export interface Wanted {
  objects: readonly KubeObject[];
  applied: readonly Identity[];
  fieldManager: string;
}

/** Lines that say what is different; the API itself computes what an apply would make of the objects, defaults and all. */
export async function lookForDrift(kubectl: Kubectl, { objects, applied, fieldManager }: Wanted): Promise<string[]> {
  const live = await getPresent(kubectl, applied);
  const there = new Set(live.map((object) => keyOf(identityOf(object))));
  const again = objects.map(asApplied).filter((object) => there.has(keyOf(identityOf(object))));
  const secrets = secretsOf(objects);
  const target = await kubectl.apply(again, { fieldManager, force: true, dryRun: true, secrets });
  return driftOf(applied, live, target);
}
