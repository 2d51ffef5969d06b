// Preflight: looks at all hosts that are new to the cluster, side by side, before anything changes on any of them.
import { clusterClocks } from "../host/clocks";
import { lookAtAll } from "../host/lookAll";
import { whoHas } from "../host/whoHas";
import type { VirtualIp } from "../preflight/check";
import { type PreflightInputs, preflightInputsSchema } from "../preflight/inputs";
import { judge } from "../preflight/judge";
import { preflightError } from "../preflight/preflight";
import { replacedAlone } from "../preflight/replaced";
import { leftoverNames } from "../recipes/leftoverNames";
import type { Handler, Operation } from "./handler";

export type { PreflightInputs };

/** Names of hosts that were good, with the machine that was looked at. */
type Passed = Record<string, string>;
export type PreflightOutputs = {
  passed: Passed;
  /** The virtual address that was found unused; from then on the cluster has it. */
  virtualIp?: string;
};

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
    virtualIp: "work",
    timeouts: "quiet",
  },
  rules: replacedAlone,
  create: async (op, inputs) => ({
    id: `preflight-${inputs.clusterId}`,
    outputs: await lookAtNew(op, inputs, { passed: {} }),
  }),
  update: async (op, known, inputs) => lookAtNew(op, inputs, { passed: {}, ...known.outputs }),
  read: async (_op, { inputs, outputs }) => ({ inputs, outputs: { passed: {}, ...outputs } }),
  delete: async () => {},
};

async function lookAtNew(
  op: Operation,
  inputs: PreflightInputs,
  { passed, virtualIp }: PreflightOutputs,
): Promise<PreflightOutputs> {
  const targets = Object.entries(inputs.hosts).map(([name, { target }]) => [name, target] as const);
  const due = targets.filter(([name, { machineId }]) => passed[name] !== machineId);
  const seen = inputs.virtualIp?.address === virtualIp ? undefined : await seenAtVirtualIp(op, inputs);
  const looked = due.length > 0 ? due : targets.filter(([name]) => name === seen?.by);
  if (looked.length > 0) await lookAtThese(op, inputs, looked, seen);
  return {
    passed: Object.fromEntries(targets.map(([name, { machineId }]) => [name, machineId])),
    ...(inputs.virtualIp && { virtualIp: inputs.virtualIp.address }),
  };
}

/** Asked on the first control plane. A node that comes later by itself finds the address where it belongs. */
async function seenAtVirtualIp({ progress }: Operation, inputs: PreflightInputs): Promise<VirtualIp["seen"]> {
  const { virtualIp, hosts, peers = {}, timeouts } = inputs;
  const [by, first] = Object.entries(hosts).find(([, { controlPlane }]) => controlPlane) ?? [];
  if (!virtualIp || by === undefined || !first || Object.keys(peers).length > 0) return undefined;
  const holder = await whoHas(by, first.target, { ...virtualIp, timeouts, progress });
  return holder && { by, holder };
}

type Due = Parameters<typeof lookAtAll>[0];

async function lookAtThese(
  { progress }: Operation,
  inputs: PreflightInputs,
  due: Due,
  seen: VirtualIp["seen"],
): Promise<void> {
  const { clusterId, reach, timeouts } = inputs;
  const isNew = new Set(due.map(([name]) => name));
  const members = Object.fromEntries(Object.entries(reach).filter(([name]) => !isNew.has(name)));
  const [looks, clocks] = await Promise.all([
    lookAtAll(due, timeouts, progress),
    clusterClocks(members, timeouts, progress),
  ]);
  const removed = await leftoverNames({ clusterId, reach: members, timeouts, progress }, looks);
  const { failures, warnings } = judge(inputs, looks, clocks, removed, seen);
  for (const warning of warnings) progress.warn(warning);
  if (failures.length > 0) throw preflightError(failures, looks.length);
}
