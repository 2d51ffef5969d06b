// Deletes objects that we applied, last ones first, and waits until they are gone.
import { setTimeout as sleep } from "node:timers/promises";
import type { Kubectl } from "../../host/kubectl";
import { bare, type Identity, identityOf, type KubeObject, shown } from "../../host/kubeObject";
import { UserError } from "../../lib/errors";
import { Gate } from "../../lib/limit";
import type { Progress } from "../../lib/progress";
import { keyOf, sharedWith } from "../../manifests/applied";
import { inOrder, rank } from "../../manifests/order";
import { endStranded } from "../node/strandedPods";
import { getPresent, names } from "./apply";

export interface RemoveWork {
  kubectl: Kubectl;
  /** Recorded when they were applied; another object of the same name is not ours. */
  identities: readonly Identity[];
  fieldManager: string;
  timeoutMs: number;
  progress: Progress;
  /** Told what is proven to be gone, or not ours to delete. */
  onGone: (identities: Identity[]) => void;
}

const parallel = 4;
/** A namespace mostly goes in seconds; what takes longer may wait for a machine that is gone. */
const strandedMs = 10_000;

export async function removeObjects(work: RemoveWork): Promise<void> {
  const over = Date.now() + work.timeoutMs;
  const ordered = inOrder(work.identities).reverse();
  for (const step of [...new Set(ordered.map(rank))]) {
    await removeStep(
      work,
      ordered.filter((identity) => rank(identity) === step),
      over,
    );
  }
}

async function removeStep(work: RemoveWork, identities: Identity[], over: number): Promise<void> {
  const { kubectl, progress, onGone } = work;
  const ours = await mine(work, identities, await getPresent(kubectl, identities));
  const gate = new Gate(parallel);
  let patientUntil = Date.now() + strandedMs;
  await Promise.all(ours.map((identity) => gate.run(() => kubectl.delete(identity))));
  for (let pause = 200, left = ours; ; pause = Math.min(pause * 1.5, 2000)) {
    const there = left.length > 0 ? still(left, await getPresent(kubectl, left)) : [];
    left = there.map(identityOf);
    if (left.length === 0) break;
    if (Date.now() > over) throw remains(work, there);
    progress.say(`deleting ${names(left, 2)}`);
    if (Date.now() > patientUntil) {
      await endStrandedIn(work, left);
      patientUntil = Date.now() + strandedMs;
    }
    await sleep(pause);
  }
  onGone(identities);
}

async function endStrandedIn({ kubectl, progress }: RemoveWork, left: readonly Identity[]): Promise<void> {
  for (const { kind, apiVersion, name } of left)
    if (kind === "Namespace" && apiVersion === "v1") await endStranded(kubectl, name, progress);
}

/** Those that are there and are still the ones that we applied; what another addon applies too is only given up. */
async function mine(
  work: RemoveWork,
  identities: readonly Identity[],
  present: readonly KubeObject[],
): Promise<Identity[]> {
  const { kubectl, fieldManager, progress } = work;
  const ours: Identity[] = [];
  for (const object of still(identities, present)) {
    const identity = identityOf(object);
    const other = sharedWith(fieldManager, object);
    if (!other) ours.push(identity);
    else {
      // Applying nothing gives up every field; with the uid it cannot make a new object.
      await kubectl.apply([ownNothing(identity)], { fieldManager, force: true });
      progress.warn(`${shown(identity)} stays: ${other} applies it too`);
    }
  }
  return ours;
}

function ownNothing(identity: Identity): KubeObject {
  const { metadata, ...rest } = bare(identity);
  return {
    ...rest,
    apiVersion: identity.apiVersion,
    kind: identity.kind,
    metadata: identity.uid ? { ...metadata, uid: identity.uid } : metadata,
  };
}

function still(identities: readonly Identity[], present: readonly KubeObject[]): KubeObject[] {
  const uids = new Map(identities.map((identity) => [keyOf(identity), identity.uid]));
  return present.filter((object) => {
    const uid = uids.get(keyOf(identityOf(object)));
    return uid === undefined || uid === object.metadata.uid;
  });
}

function remains({ kubectl, timeoutMs }: RemoveWork, there: readonly KubeObject[]): UserError {
  const lines = there.map((object) => {
    const { finalizers } = object.metadata;
    const held = Array.isArray(finalizers) && finalizers.length > 0 ? `: finalizers ${finalizers.join(", ")}` : "";
    return `\n  ${shown(identityOf(object))}${held}`;
  });
  return new UserError(
    `${kubectl.label}: not gone within ${Math.round(timeoutMs / 1000)} s:${lines.join("")}`,
    "see to whatever holds it (a finalizer's controller), and run again; `timeouts.apply` gives it more time.",
  );
}
