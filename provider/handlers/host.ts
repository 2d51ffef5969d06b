// A host prepared for Kubernetes: programs, runtime, kernel settings and images; deleted, it is as it was before.
import { z } from "zod";
import { gatherFacts } from "../host/facts";
import type { Host } from "../host/host";
import { readClaim } from "../host/journal";
import { journalDirectory } from "../host/journalScript";
import { withHost } from "../host/open";
import { operatingSystem } from "../host/os/os";
import { undoPreparation } from "../host/undo";
import { onUnreachableSchema, targetSchema } from "../kubeadm/spec";
import { AuthenticationError, HostKeyError, RefusedError, UnreachableError, UserError } from "../lib/errors";
import { goFirst } from "../lib/precedence";
import { knockFor } from "../lib/silent";
import { type Prepared, prepare } from "../recipes/prepare";
import { surveyHost } from "../recipes/survey";
import { prepareShape } from "../steps/prepare/context";
import { drift } from "../steps/prepare/drift";
import { type Handler, type Known, type Operation, PartialFailure } from "./handler";
import { isAnother, onUnreachable } from "./nodeInputs";

const schema = z.strictObject({
  ...prepareShape,
  target: targetSchema,
  /**
   * What a delete does when the host cannot be asked. KUBEADM_ON_UNREACHABLE overrides it for one run. "remove" is about the
   * node in the cluster; for the host it means the same as "forget".
   */
  onUnreachable: onUnreachableSchema.optional(),
  /** What a refresh found different; a program never says it, so that it shows as a change. */
  drift: z.array(z.string()).optional(),
});

export type HostInputs = z.infer<typeof schema>;
export type HostOutputs = Prepared & {
  /** It did not answer when something was to be brought to it, and nobody waited for that. */
  missed?: true;
};

type KnownHost = Known<HostInputs, HostOutputs>;

function opening(op: Operation, { name, target, timeouts }: HostInputs, exclusive: boolean) {
  return { name, target, timeouts, progress: op.progress, exclusive };
}

const idOf = ({ clusterId, name }: HostInputs) => `${clusterId}/${name}`;

async function converge(op: Operation, inputs: HostInputs): Promise<HostOutputs> {
  let claimed = false;
  const onClaimed = () => (claimed = true);
  const bring = () =>
    withHost(opening(op, inputs, true), (host) => prepare({ host, progress: op.progress, inputs, onClaimed }));
  try {
    return await (inputs.leads ? goFirst(inputs.clusterId, bring) : bring());
  } catch (error) {
    // From the claim on the host is ours to undo, so the state has to know it.
    throw claimed ? new PartialFailure<HostOutputs>(idOf(inputs), {}, error) : error;
  }
}

/**
 * A worker that is off does not hold up an upgrade of the others: its own leaf fails by its name, and what this one could not bring is
 * due at the next run.
 */
async function update(op: Operation, known: KnownHost, inputs: HostInputs): Promise<HostOutputs> {
  try {
    return await converge(op, inputs);
  } catch (error) {
    const { runtime, bundled = {}, missed } = known.outputs;
    const upgrades = missed === true || known.inputs.kubernetesVersion !== inputs.kubernetesVersion;
    const mayBeOff = !inputs.roles.controlPlane && runtime !== undefined && upgrades;
    if (!(error instanceof UnreachableError) || !mayBeOff) throw error;
    op.progress.warn(`${inputs.name} got nothing of ${inputs.kubernetesVersion}: ${error.message.split("\n")[0]}`);
    return { runtime, bundled, missed: true };
  }
}

/** Of another node's part of a cluster nothing is taken away under its feet. */
async function refuseJoined(host: Host): Promise<void> {
  const claim = await readClaim(host);
  if (claim?.joined !== true) return;
  const { code } = await host.run(["test", "-e", "/etc/kubernetes/kubelet.conf"], { ok: [0, 1] });
  if (code !== 0) return;
  throw new RefusedError(
    `${host.label} is still part of the cluster`,
    "remove its node first (in a program: the ControlPlaneNode or WorkerNode, which does both in order)",
  );
}

async function undo(host: Host, op: Operation, { name, timeouts }: HostInputs): Promise<void> {
  const claim = await readClaim(host);
  if (claim !== undefined && claim.node !== name)
    return op.progress.warn(`${host.label} is prepared for node ${claim.node} now and left alone`);
  await refuseJoined(host);
  const facts = await gatherFacts(host, timeouts);
  const os = operatingSystem(facts.os);
  if (os === undefined)
    throw new UserError(`${host.label}: ${facts.os.pretty} is no system we know how to undo anything on`);
  await undoPreparation(host, { os, progress: op.progress, timeouts });
}

function isOutOfReach(error: unknown): error is UserError {
  return error instanceof UnreachableError || error instanceof HostKeyError || error instanceof AuthenticationError;
}

async function remove(op: Operation, { inputs }: KnownHost): Promise<void> {
  const forgets = onUnreachable(inputs.onUnreachable) !== "stop";
  const { target, timeouts } = inputs;
  const knocking = forgets ? { ...timeouts, connect: knockFor(target.machineId, timeouts?.connect) } : timeouts;
  try {
    await withHost(opening(op, { ...inputs, timeouts: knocking }, true), (host) => undo(host, op, inputs));
  } catch (error) {
    if (!isOutOfReach(error)) throw error;
    if (!forgets) {
      throw new UserError(
        `${error.message}\n${inputs.name} is not forgotten: what the preparation changed on it is still there`,
        'bring the host back and run this again; if it is gone for good, set onUnreachable to "remove", or KUBEADM_ON_UNREACHABLE=remove for this run',
        { cause: error },
      );
    }
    op.progress.warn(
      `${inputs.name} (${target.connection.host}) does not answer and is left as it is. Its preparation was not undone: packages, container runtime and images, Kubernetes' programs, kernel settings; the journal of them is on it in ${journalDirectory}`,
    );
  }
}

async function read(
  op: Operation,
  { inputs, outputs }: KnownHost,
): Promise<{ inputs: HostInputs; outputs: HostOutputs }> {
  const { drift: _before, ...asked } = inputs;
  const { runtime = "", bundled = {}, missed } = outputs;
  const known: HostOutputs = missed ? { runtime, bundled, missed } : { runtime, bundled };
  try {
    const found = await withHost(opening(op, inputs, false), (host) =>
      surveyHost({ host, progress: op.progress, inputs }, known.bundled),
    );
    const differences = drift(found);
    return { inputs: differences.length === 0 ? asked : { ...asked, drift: differences }, outputs: known };
  } catch (error) {
    // Not to be reached says nothing about what is on it.
    if (!isOutOfReach(error)) throw error;
    op.progress.warn(`${inputs.name} is unreachable, so its last known state is kept: ${error.message.split("\n")[0]}`);
    return { inputs: asked, outputs: known };
  }
}

export const host: Handler<HostInputs, HostOutputs> = {
  kind: "Host",
  schema,
  changes: {
    clusterId: "fixed",
    name: "fixed",
    roles: "work",
    target: "replace",
    // Any change: on a node it only brings programs and images beside what runs, so an upgrade that never began can be taken back.
    kubernetesVersion: "work",
    // Mostly nothing is to be done; but whoever hands a bundle out has to have it before the others ask.
    source: "work",
    via: "quiet",
    leads: "ignored",
    containerd: "work",
    cni: "work",
    front: "work",
    hostname: "work",
    swap: "work",
    nodeAddresses: "work",
    clusterConfiguration: "work",
    kubeletConfiguration: "work",
    preflightIgnore: "quiet",
    timeouts: "quiet",
    onUnreachable: "quiet",
    drift: "work",
  },
  // Another machine: prepared while the node is still on the old one, which is undone after its node has left.
  deleteBeforeReplace: false,
  replaces: (field, olds, news) =>
    field === "target" && news.target?.machineId !== olds.target.machineId && isAnother(olds, news),
  create: async (op, inputs) => ({ id: idOf(inputs), outputs: await converge(op, inputs) }),
  update,
  due: ({ inputs, outputs }) =>
    outputs.missed ? `${inputs.name} did not answer when it was to be prepared` : undefined,
  read,
  delete: remove,
};
