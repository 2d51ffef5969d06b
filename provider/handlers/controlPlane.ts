// A control plane's membership: the first one starts the cluster, the others join it, all of them converge and leave safely.
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { renewalProblem } from "../kubeadm/certificates";
import { backupSchema, certificatesSchema, filesSchema, frontSchema } from "../kubeadm/spec";
import type { Attempt } from "../recipes/attempt";
import { bringUpControlPlane } from "../recipes/controlPlane";
import { leave } from "../recipes/leave";
import { surveyNode } from "../recipes/surveyNode";
import type { NodePlan } from "../steps/kubeadm/context";
import { type CertificateOutput, certificateDue, certificateOf } from "./certificate";
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

const schema = z.strictObject({
  ...nodeShape,
  /** `worker`: it also takes ordinary pods. */
  roles: z.strictObject({ worker: z.boolean().optional() }).optional(),
  /** Put onto the host and mounted into the API server; a change restarts what reads them. */
  files: filesSchema.optional(),
  /** The API's virtual address, where the cluster has one. */
  front: frontSchema.optional(),
  backup: backupSchema.optional(),
  certificates: certificatesSchema.optional(),
});
export type ControlPlaneInputs = z.infer<typeof schema>;

const idOf = ({ clusterId, name }: ControlPlaneInputs) => `${clusterId}/${name}`;

function planOf({ roles, files, ...inputs }: ControlPlaneInputs): NodePlan {
  return { ...inputs, role: "controlPlane", schedulable: roles?.worker === true, files: files ?? {} };
}

export type ControlPlaneOutputs = NodeOutputs & CertificateOutput;

function outputsOf({ name, kubernetesVersion }: ControlPlaneInputs): NodeOutputs {
  return { joined: true, nodeName: name, nodeVersion: `v${kubernetesVersion}` };
}

async function bringUp(
  { progress }: Operation,
  inputs: ControlPlaneInputs,
  { joined, ...former }: { joined: boolean; formerMachine?: string },
): Promise<ControlPlaneOutputs> {
  const attempt: Attempt = { progress, joined, begun: false };
  try {
    await bringUpControlPlane({ ...planOf(inputs), ...former }, attempt);
    return { ...outputsOf(inputs), ...certificateOf(attempt.certificate) };
  } catch (error) {
    throw attempt.begun ? new PartialFailure<NodeOutputs>(idOf(inputs), seenOutputs(attempt), error) : error;
  }
}

/** What a running control plane takes over: names in its certificate, arguments, volumes and environment of its components. */
const live = new Set(["apiServer", "controllerManager", "scheduler", "certificateValidityPeriod"]);

function configurationRules(news: Partial<ControlPlaneInputs>, olds: ControlPlaneInputs | undefined): string[] {
  if (!olds || !("kubeadm" in news)) return [];
  const before = olds.kubeadm?.clusterConfiguration ?? {};
  const after = news.kubeadm?.clusterConfiguration ?? {};
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const changed = fields.filter((field) => !live.has(field) && !isDeepStrictEqual(before[field], after[field]));
  return changed.map(
    (field) => `kubeadm.clusterConfiguration.${field}: changing it on a running cluster is not supported yet`,
  );
}

function certificateRule({ certificates, kubeadm }: Partial<ControlPlaneInputs>): string[] {
  const problem = renewalProblem(certificates?.renewBefore, kubeadm);
  return problem === undefined ? [] : [problem];
}

/** Two virtual addresses at a time are not kept, and the former one has to work until the last node has moved. */
function frontRule({ front }: Partial<ControlPlaneInputs>, olds: ControlPlaneInputs | undefined): string[] {
  const before = olds?.front;
  if (!before || !front) return [];
  const changed = (["by", "address", "port"] as const).filter((field) => front[field] !== before[field]);
  return changed.map(
    (field) =>
      `endpoint.virtualIp.${field}: from ${before[field]} to ${front[field]} there is no way in place: move to a name or a control plane's address first (\`endpoint.host\`), then to the new virtual address`,
  );
}

function addressRule(news: Partial<ControlPlaneInputs>, olds: ControlPlaneInputs | undefined): string[] {
  if (!olds || !news.target || news.target.machineId !== olds.target.machineId) return [];
  if (news.target.address === olds.target.address) return [];
  return [
    `target: a control plane cannot change its address from ${olds.target.address} to ${news.target.address}: remove it, then add it again`,
  ];
}

async function remove(
  { progress }: Operation,
  { inputs }: Known<ControlPlaneInputs, ControlPlaneOutputs>,
): Promise<void> {
  await leave({
    plan: planOf(inputs),
    progress,
    onUnreachable: onUnreachable(inputs.onUnreachable),
    drain: inputs.drain,
  });
}

export const controlPlane: Handler<ControlPlaneInputs, ControlPlaneOutputs> = {
  kind: "ControlPlane",
  schema,
  changes: { ...nodeChanges, roles: "work", files: "work", front: "work", backup: "quiet", certificates: "quiet" },
  rules: (news, olds) => [
    ...nodeRules(news, olds),
    ...configurationRules(news, olds),
    ...frontRule(news, olds),
    ...certificateRule(news),
    ...addressRule(news, olds),
  ],
  due: certificateDue,
  replaces: (field, olds, news) => field === "target" && isAnother(olds, news),
  create: async (op, inputs) => ({ id: idOf(inputs), outputs: await bringUp(op, inputs, { joined: false }) }),
  update: (op, { inputs: before, outputs }, inputs) =>
    bringUp(op, inputs, { joined: outputs.joined === true, ...formerMachine(before.target, inputs.target) }),
  read: async (op, { inputs, outputs }) => {
    // Never reported as gone, or the next `up` would start a second cluster: what is missing shows as drift.
    const seen = await surveyNode(planOf(inputs), op.progress);
    const { drift: _before, ...asked } = inputs;
    const drift = seen.drift.length === 0 ? {} : { drift: seen.drift };
    return {
      inputs: { ...asked, ...seen.meta, ...drift },
      outputs: { ...outputsOf(inputs), ...outputs, ...seenOutputs(seen), ...certificateOf(seen.certificate) },
    };
  },
  delete: remove,
};
