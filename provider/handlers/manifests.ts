// An addon's manifests in the cluster: applied, waited for, pruned, and deleted again.
import { z } from "zod";
import type { Identity, KubeObject } from "../host/kubeObject";
import { type LivingControlPlane, withControlPlane } from "../host/reach";
import { deadline, reachSchema, timeoutsSchema } from "../kubeadm/spec";
import { RefusedError, UnreachableError, UserError } from "../lib/errors";
import { type Applied, fieldManagerOf, gone, together } from "../manifests/applied";
import { parseManifests } from "../manifests/parse";
import { applyObjects } from "../steps/manifests/apply";
import { awaitReady } from "../steps/manifests/awaitReady";
import { lookForDrift } from "../steps/manifests/look";
import { ourCluster } from "../steps/manifests/ourCluster";
import { removeObjects } from "../steps/manifests/remove";
import { type Handler, type Known, type Operation, PartialFailure } from "./handler";

const schema = z.strictObject({
  clusterId: z.string().min(1),
  name: z.string().min(1),
  /** Objects, or YAML text with any number of documents. */
  manifests: z.array(z.union([z.string(), z.record(z.string(), z.unknown())])),
  reach: reachSchema,
  /** Who owns the fields in the API's books. Default: one of its own for each addon. */
  fieldManager: z.string().min(1).max(128).optional(),
  /** Until what was applied is ready. Default: true. */
  wait: z.boolean().optional(),
  /** Takes fields over from other managers. */
  force: z.boolean().optional(),
  timeouts: timeoutsSchema.optional(),
  /** What a refresh found different; a program never says it, so that it shows as a change. */
  drift: z.array(z.string()).optional(),
});
export type ManifestsInputs = z.infer<typeof schema>;

export type ManifestsOutputs = {
  /** Identities of what is in the cluster by our hand, in the order in which it was applied. */
  applied: Applied;
};

type KnownManifests = Known<ManifestsInputs, ManifestsOutputs>;

export const manifests: Handler<ManifestsInputs, ManifestsOutputs> = {
  kind: "Manifests",
  schema,
  changes: {
    clusterId: "fixed",
    name: "fixed",
    manifests: "work",
    reach: "quiet",
    fieldManager: "fixed",
    wait: "quiet",
    force: "quiet",
    timeouts: "quiet",
    drift: "work",
  },
  rules: (news) => (news.manifests ? parseManifests(news.manifests).problems : []),
  create: async (op, inputs) => ({ id: idOf(inputs), outputs: await converge(op, inputs, []) }),
  update: (op, known, inputs) => converge(op, inputs, known.outputs.applied ?? []),
  read,
  delete: remove,
};

function idOf({ clusterId, name }: ManifestsInputs): string {
  return `${clusterId}/${name}`;
}

function managerOf({ fieldManager, name }: ManifestsInputs): string {
  return fieldManager ?? fieldManagerOf(name);
}

function inCluster<T>(
  op: Operation,
  inputs: ManifestsInputs,
  use: (living: LivingControlPlane) => Promise<T>,
): Promise<T> {
  const { reach, timeouts, clusterId } = inputs;
  return withControlPlane({ reach, timeouts, progress: op.progress }, async (living) => {
    await ourCluster(living.kubectl, clusterId);
    return use(living);
  });
}

function objectsOf(inputs: ManifestsInputs): KubeObject[] {
  const { objects, problems } = parseManifests(inputs.manifests);
  if (problems.length > 0) throw new RefusedError(`${inputs.name}: ${problems.join("\n  ")}`);
  return objects;
}

/** Applies, takes away what left the set, and waits: in this order, because what leaves may hold what the new needs. */
async function converge(op: Operation, inputs: ManifestsInputs, before: Applied): Promise<ManifestsOutputs> {
  const objects = objectsOf(inputs);
  const fieldManager = managerOf(inputs);
  const timeoutMs = deadline(inputs.timeouts, "apply");
  // What is in the cluster is known at every moment, so that a failure leaves it in the state.
  let applied: Identity[] = [];
  let left = before;
  try {
    return await inCluster(op, inputs, async ({ kubectl }) => {
      const work = { kubectl, fieldManager, timeoutMs, progress: op.progress };
      const onApplied = (more: Identity[]) => {
        applied = together(applied, more);
      };
      await applyObjects({ ...work, objects, force: inputs.force ?? false, onApplied });
      const onGone = (identities: Identity[]) => {
        left = gone(left, identities);
      };
      await removeObjects({ ...work, identities: gone(before, applied), onGone });
      if (inputs.wait ?? true) await awaitReady({ ...work, objects: applied });
      return { applied };
    });
  } catch (error) {
    const rest = together(left, applied);
    if (error instanceof RefusedError || rest.length === 0) throw error;
    throw new PartialFailure(idOf(inputs), { applied: rest }, error);
  }
}

async function read(op: Operation, { inputs, outputs }: KnownManifests) {
  const { drift: _before, ...wanted } = inputs;
  const applied = outputs.applied ?? [];
  const { objects } = parseManifests(inputs.manifests);
  const look = { objects, applied, fieldManager: managerOf(inputs) };
  try {
    const drift = await inCluster(op, inputs, ({ kubectl }) => lookForDrift(kubectl, look));
    return { inputs: drift.length > 0 ? { ...wanted, drift } : wanted, outputs: { applied } };
  } catch (error) {
    if (!(error instanceof UnreachableError)) throw error;
    // Nobody answered, so nothing is known to have changed.
    op.progress.warn(`${inputs.name} was not looked at: ${error.message}`);
    return { inputs, outputs: { applied } };
  }
}

async function remove(op: Operation, { inputs, outputs }: KnownManifests): Promise<void> {
  const work = {
    identities: outputs.applied ?? [],
    fieldManager: managerOf(inputs),
    timeoutMs: deadline(inputs.timeouts, "apply"),
    progress: op.progress,
    onGone: () => {},
  };
  if (work.identities.length === 0) return;
  try {
    await inCluster(op, inputs, ({ kubectl }) => removeObjects({ ...work, kubectl }));
  } catch (error) {
    if (!(error instanceof UnreachableError)) throw error;
    if (process.env["KUBEADM_ON_UNREACHABLE"] !== "forget") {
      const remedy =
        "when the cluster is gone for good, run once with KUBEADM_ON_UNREACHABLE=forget: its objects are then forgotten.";
      throw new UserError(error.message, remedy, { cause: error });
    }
    op.progress.warn(`${inputs.name} is forgotten; its objects were not deleted: ${error.message}`);
  }
}
