// A worker's membership in the cluster; deleted, its pods have moved, the Node is gone and the host is reset.
import { z } from "zod";
import type { Attempt } from "../recipes/attempt";
import { leave } from "../recipes/leave";
import { surveyNode } from "../recipes/surveyNode";
import { bringUpWorker } from "../recipes/worker";
import type { NodePlan } from "../steps/kubeadm/context";
import { type Handler, type Known, type Operation, PartialFailure } from "./handler";
import {
  formerMachine,
  isAnother,
  type NodeOutputs,
  nodeChanges,
  nodeRules,
  nodeShape,
  onUnreachable,
  seenOutputs,
} from "./nodeInputs";

const schema = z.strictObject(nodeShape);
export type WorkerInputs = z.infer<typeof schema>;

const idOf = ({ clusterId, name }: WorkerInputs) => `${clusterId}/${name}`;

function planOf(inputs: WorkerInputs): NodePlan {
  return { ...inputs, role: "worker", schedulable: true, files: {} };
}

function outputsOf({ name, kubernetesVersion }: WorkerInputs): NodeOutputs {
  return { joined: true, nodeName: name, nodeVersion: `v${kubernetesVersion}` };
}

async function bringUp(
  { progress }: Operation,
  inputs: WorkerInputs,
  { joined, ...former }: { joined: boolean; formerMachine?: string },
): Promise<NodeOutputs> {
  const attempt: Attempt = { progress, joined, begun: false };
  try {
    await bringUpWorker({ ...planOf(inputs), ...former }, attempt);
    return outputsOf(inputs);
  } catch (error) {
    throw attempt.begun ? new PartialFailure<NodeOutputs>(idOf(inputs), seenOutputs(attempt), error) : error;
  }
}

async function remove({ progress }: Operation, { inputs }: Known<WorkerInputs, NodeOutputs>): Promise<void> {
  await leave({
    plan: planOf(inputs),
    progress,
    onUnreachable: onUnreachable(inputs.onUnreachable),
    drain: inputs.drain,
  });
}

export const worker: Handler<WorkerInputs, NodeOutputs> = {
  kind: "Worker",
  schema,
  changes: nodeChanges,
  rules: nodeRules,
  replaces: (field, olds, news) => field === "target" && isAnother(olds, news),
  create: async (op, inputs) => ({ id: idOf(inputs), outputs: await bringUp(op, inputs, { joined: false }) }),
  update: (op, { inputs: before, outputs }, inputs) =>
    bringUp(op, inputs, { joined: outputs.joined === true, ...formerMachine(before.target, inputs.target) }),
  read: async (op, { inputs, outputs }) => {
    const seen = await surveyNode(planOf(inputs), op.progress);
    // Proven: neither the cluster nor the host knows of it any more.
    if (seen.gone) return undefined;
    const { drift: _before, ...asked } = inputs;
    const drift = seen.drift.length === 0 ? {} : { drift: seen.drift };
    return {
      inputs: { ...asked, ...seen.meta, ...drift },
      outputs: { ...outputsOf(inputs), ...outputs, ...seenOutputs(seen) },
    };
  },
  delete: remove,
};
