// Server-side apply of a set of objects, in their order, with what definitions make possible after them.

import type { Kubectl } from "../../host/kubectl";
import { ApiError, hasReason } from "../../host/kubeErrors";
import { type Identity, identityOf, type KubeObject, shown } from "../../host/kubeObject";
import { UserError } from "../../lib/errors";
import type { Progress } from "../../lib/progress";
import { touchedBy } from "../../manifests/applied";
import { inPhases, isDefinition } from "../../manifests/order";
import { asApplied, secretsOf } from "../../manifests/secrets";
import { awaitReady } from "./awaitReady";

export interface ApplyWork {
  kubectl: Kubectl;
  objects: readonly KubeObject[];
  fieldManager: string;
  force: boolean;
  timeoutMs: number;
  progress: Progress;
  /** Told after each part, also after one that failed: what is in the cluster by our hand. */
  onApplied: (applied: Identity[]) => void;
}

export async function applyObjects(work: ApplyWork): Promise<void> {
  const over = Date.now() + work.timeoutMs;
  for (const phase of inPhases(work.objects.map(asApplied))) {
    work.progress.say(`applying ${phase.length} of ${work.objects.length} objects`);
    const applied = await applyPhase(work, phase);
    const definitions = applied.filter(isDefinition);
    await awaitReady({ ...work, objects: definitions.map(identityOf), timeoutMs: Math.max(1000, over - Date.now()) });
  }
}

async function applyPhase(work: ApplyWork, phase: KubeObject[]): Promise<KubeObject[]> {
  const { kubectl, fieldManager, force, onApplied } = work;
  const options = { fieldManager, force, secrets: secretsOf(work.objects) };
  try {
    const applied = await kubectl.apply(phase, options);
    onApplied(applied.map(identityOf));
    return applied;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    onApplied(touchedBy(fieldManager, await present(kubectl, phase)));
    throw phase.length === 1 ? explained(error) : await eachReason(work, phase, options, error);
  }
}

/** kubectl does not say which object a conflict is about, so those that fail are tried one by one. */
async function eachReason(
  { kubectl }: ApplyWork,
  phase: KubeObject[],
  options: { fieldManager: string; force: boolean; secrets: string[] },
  first: ApiError,
): Promise<Error> {
  if (first.reason === "Unavailable") return first;
  const reasons: string[] = [];
  for (const object of phase) {
    try {
      await kubectl.apply([object], { ...options, dryRun: true });
    } catch (error) {
      if (!(error instanceof ApiError)) return first;
      reasons.push(explained(error).message.replace(`${kubectl.label}: `, ""));
    }
  }
  if (reasons.length === 0) return first;
  return new UserError(
    `${kubectl.label}: ${reasons.length} of ${phase.length} objects were refused:\n  ${reasons.join("\n  ")}`,
  );
}

function explained(error: ApiError): ApiError {
  if (!/field is immutable|may not be changed|updates to .* are forbidden/i.test(error.detail)) return error;
  const remedy = "delete the object in the cluster and run again, or give it another name in the program.";
  return new ApiError(error.label, error.what, error.reason, error.detail, remedy);
}

async function present(kubectl: Kubectl, objects: readonly KubeObject[]): Promise<KubeObject[]> {
  return getPresent(kubectl, objects.map(identityOf));
}

/** Those that are there; a kind that the API does not know (any more) has no objects. */
export async function getPresent(kubectl: Kubectl, identities: readonly Identity[]): Promise<KubeObject[]> {
  try {
    return await kubectl.getAll(identities);
  } catch (error) {
    if (!hasReason(error, "NoMatch", "NotFound")) throw error;
  }
  const known: Identity[] = [];
  for (const identity of identities) {
    if (await kubectl.resource(identity.apiVersion, identity.kind)) known.push(identity);
  }
  // All of them known and yet refused: a kind came back in between, and the error is true.
  return kubectl.getAll(known);
}

export function names(identities: readonly Identity[], most = 5): string {
  const some = identities.slice(0, most).map(shown).join(", ");
  return identities.length > most ? `${some} and ${identities.length - most} more` : some;
}
