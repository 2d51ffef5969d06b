// Preflight: looks at all hosts that are new to the cluster, side by side, before anything changes on any of them.
import { clusterClocks } from "../host/clocks";
import { lookAtAll } from "../host/lookAll";
import { type PreflightInputs, preflightInputsSchema } from "../preflight/inputs";
import { judge } from "../preflight/judge";
import { preflightError } from "../preflight/preflight";
import type { Handler, Operation } from "./handler";

export type { PreflightInputs };

/** Names of hosts that were good, with the machine that was looked at. */
type Passed = Record<string, string>;
export type PreflightOutputs = { passed: Passed };

export const preflight: Handler<PreflightInputs, PreflightOutputs> = {
  kind: "Preflight",
  schema: preflightInputsSchema,
  changes: {
    clusterId: "fixed",
    kubernetesVersion: "work",
    hosts: "work",
    peers: "ignored",
    reach: "quiet",
    order: "ignored",
    upgrade: "quiet",
    drain: "quiet",
    virtualIp: "ignored",
    timeouts: "quiet",
  },
  create: async (op, inputs) => ({ id: `preflight-${inputs.clusterId}`, outputs: await lookAtNew(op, inputs, {}) }),
  update: async (op, known, inputs) => lookAtNew(op, inputs, known.outputs.passed ?? {}),
  read: async (_op, { inputs, outputs }) => ({ inputs, outputs: { passed: outputs.passed ?? {} } }),
  delete: async () => {},
};

async function lookAtNew(op: Operation, inputs: PreflightInputs, passed: Passed): Promise<PreflightOutputs> {
  const targets = Object.entries(inputs.hosts).map(([name, { target }]) => [name, target] as const);
  const due = targets.filter(([name, { machineId }]) => passed[name] !== machineId);
  if (due.length > 0) await lookAtThese(op, inputs, due);
  return { passed: Object.fromEntries(targets.map(([name, { machineId }]) => [name, machineId])) };
}

type Due = Parameters<typeof lookAtAll>[0];

async function lookAtThese({ progress }: Operation, inputs: PreflightInputs, due: Due): Promise<void> {
  const { reach, timeouts } = inputs;
  const isNew = new Set(due.map(([name]) => name));
  const members = Object.fromEntries(Object.entries(reach).filter(([name]) => !isNew.has(name)));
  const [looks, clocks] = await Promise.all([
    lookAtAll(due, timeouts, progress),
    clusterClocks(members, timeouts, progress),
  ]);
  const { failures, warnings } = judge(inputs, looks, clocks);
  for (const warning of warnings) progress.warn(warning);
  if (failures.length > 0) throw preflightError(failures, looks.length);
}
