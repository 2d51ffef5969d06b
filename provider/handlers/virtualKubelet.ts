// A virtual node: a node agent on a machine, and the Nodes it is; deleted, its pods have ended and nothing of it is left.
import { z } from "zod";
import { describe } from "../kubeadm/problem";
import { nodesOf, placeOf } from "../kubeadm/virtualKubelet/names";
import { providerProblems } from "../kubeadm/virtualKubelet/rules";
import { removeVirtual } from "../recipes/removeVirtual";
import { surveyVirtual } from "../recipes/surveyVirtual";
import { type AgentAttempt, bringUpVirtual } from "../recipes/virtualKubelet";
import { virtualShape } from "../steps/virtualKubelet/context";
import { type Handler, type Known, type Operation, PartialFailure } from "./handler";
import { formerMachine, isAnother, onUnreachable } from "./nodeInputs";

const schema = z.strictObject({
  ...virtualShape,
  /** What a refresh found different; a program never says it, so that it shows as a change. */
  drift: z.array(z.string()).optional(),
});
export type VirtualKubeletInputs = z.infer<typeof schema>;

export type VirtualKubeletOutputs = {
  /** Names of the Nodes that the agent is, or may be after a failure. */
  nodes: string[];
  /** Where it listens; other names than the inputs', which say where it shall. */
  agentPort?: number;
  agentHealthPort?: number;
  /** Of the program that it runs. */
  agentSha256?: string;
  /** Host keys on the way to a device by "host:port", as they were first seen. */
  deviceKeys?: Record<string, string>;
};

type KnownVirtual = Known<VirtualKubeletInputs, VirtualKubeletOutputs>;

const idOf = ({ clusterId, name }: VirtualKubeletInputs) => `${clusterId}/${name}`;

async function converge(
  { progress }: Operation,
  inputs: VirtualKubeletInputs,
  { formerMachine, ...before }: Partial<VirtualKubeletOutputs> & { formerMachine?: string },
): Promise<VirtualKubeletOutputs> {
  const wanted = nodesOf(inputs.name, inputs.provider);
  const attempt: AgentAttempt = { progress, nodes: before.nodes ?? [], deviceKeys: before.deviceKeys, begun: false };
  try {
    await bringUpVirtual(formerMachine === undefined ? inputs : { ...inputs, formerMachine }, attempt);
    return outputsOf(attempt, wanted);
  } catch (error) {
    if (!attempt.begun) throw error;
    // Those that were to leave may still be there.
    const nodes = [...new Set([...(before.nodes ?? []), ...wanted])];
    throw new PartialFailure<VirtualKubeletOutputs>(idOf(inputs), { ...before, ...outputsOf(attempt, nodes) }, error);
  }
}

function outputsOf({ ports, agentSha256, deviceKeys }: AgentAttempt, nodes: string[]): VirtualKubeletOutputs {
  return {
    nodes,
    ...(ports && { agentPort: ports.port, agentHealthPort: ports.healthPort }),
    ...(agentSha256 === undefined ? {} : { agentSha256 }),
    ...(deviceKeys === undefined ? {} : { deviceKeys }),
  };
}

async function remove({ progress }: Operation, { inputs, outputs }: KnownVirtual): Promise<void> {
  const nodes = outputs.nodes ?? nodesOf(inputs.name, inputs.provider);
  await removeVirtual({ plan: inputs, nodes, progress, onUnreachable: onUnreachable(inputs.onUnreachable) });
}

async function read({ progress }: Operation, { inputs, outputs }: KnownVirtual) {
  const { drift: _before, ...asked } = inputs;
  const nodes = outputs.nodes ?? nodesOf(inputs.name, inputs.provider);
  const { agentPort: port, agentHealthPort: healthPort, agentSha256, deviceKeys } = outputs;
  const seen = await surveyVirtual(asked, { nodes, port, healthPort, agentSha256, deviceKeys }, progress);
  if (seen.gone) return undefined;
  const drift = seen.drift.length === 0 ? {} : { drift: seen.drift };
  return { inputs: { ...asked, ...drift }, outputs: { ...outputs, nodes } };
}

export const virtualKubelet: Handler<VirtualKubeletInputs, VirtualKubeletOutputs> = {
  kind: "VirtualKubelet",
  schema,
  changes: {
    clusterId: "fixed",
    clusterName: "fixed",
    name: "fixed",
    target: "replace",
    // The engine takes out first what follows by a property; the worker would be gone before the agents on it.
    worker: "follow",
    reach: "quiet",
    endpoint: "work",
    provider: "replace",
    capacity: "work",
    allocatable: "work",
    os: "work",
    arch: "work",
    providerTaint: "work",
    address: "work",
    port: "work",
    healthPort: "work",
    labels: "work",
    taints: "work",
    annotations: "work",
    agent: "work",
    bundle: "work",
    drain: "quiet",
    onUnreachable: "quiet",
    timeouts: "quiet",
    drift: "work",
  },
  rules: ({ provider }) => (provider === undefined ? [] : providerProblems(provider, "provider").map(describe)),
  // Another machine or another place: what runs at the former is ended there before the node is made anew.
  replaces: (field, olds, news) =>
    field === "target"
      ? isAnother(olds, news)
      : field === "provider" && news.provider !== undefined && placeOf(olds.provider) !== placeOf(news.provider),
  create: async (op, inputs) => ({ id: idOf(inputs), outputs: await converge(op, inputs, {}) }),
  update: (op, { inputs: before, outputs }, inputs) =>
    converge(op, inputs, { ...outputs, ...formerMachine(before.target, inputs.target) }),
  read,
  delete: remove,
};
