// Server-side apply of a set of objects, in their order, with what definitions make possible after them.

import type { Kubectl } from "../../host/kubectl";
import { ApiError, hasReason } from "../../host/kubeErrors";
import { type Identity, identityOf, type KubeObject, shown } from "../../host/kubeObject";
import { UserError } from "../../lib/errors";
import type { Progress } from "../../lib/progress";
import { keyOf, together, touchedBy } from "../../manifests/applied";
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
    const refused =
      phase.length === 1 || error.reason === "Unavailable" ? undefined : await refusals(work, phase, options);
    const there = await getPresent(kubectl, phase.map(identityOf));
    const passed = refused ? there.filter((object) => !refused.has(keyOf(identityOf(object)))) : [];
    onApplied(together(touchedBy(fieldManager, there), passed.map(identityOf)));
    throw refused && refused.size > 0 ? refusal(kubectl, phase, [...refused.values()]) : explained(error);
  }
}

type Options = Parameters<Kubectl["apply"]>[1];

/** kubectl does not say which object a conflict is about, so they are tried one by one. */
async function refusals({ kubectl }: ApplyWork, phase: KubeObject[], options: Options): Promise<Map<string, ApiError>> {
  const refused = new Map<string, ApiError>();
  for (const object of phase) {
    try {
      await kubectl.apply([object], { ...options, dryRun: true });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      refused.set(keyOf(identityOf(object)), error);
    }
  }
  return refused;
}

function refusal(kubectl: Kubectl, phase: KubeObject[], errors: ApiError[]): Error {
  const [only] = errors;
  if (only && errors.length === 1) return explained(only);
  const reasons = errors.map((error) => explained(error).message.replace(`${kubectl.label}: `, ""));
  return new UserError(
    `${kubectl.label}: ${errors.length} of ${phase.length} objects were refused:\n  ${reasons.join("\n  ")}`,
  );
}

function explained(error: ApiError): ApiError {
  if (!/field is immutable|may not be changed|updates to .* are forbidden/i.test(error.detail)) return error;
  const remedy = "delete the object in the cluster and run again, or give it another name in the program.";
  return new ApiError(error.label, error.what, error.reason, error.detail, remedy);
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
