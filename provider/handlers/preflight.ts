// Preflight: looks at all hosts that are new to the cluster, side by side, before anything changes on any of them.
import { z } from "zod";
import { clusterClocks } from "../host/clocks";
import { type Facts, lookAt } from "../host/facts";
import { reachSchema, targetSchema, timeoutsSchema } from "../kubeadm/spec";
import { AuthenticationError, HostKeyError, UnreachableError, UserError } from "../lib/errors";
import { Gate } from "../lib/limit";
import type { Candidate, Fleet, Problem } from "../preflight/check";
import { examine, type Failure, preflightError } from "../preflight/preflight";
import type { Handler, Operation } from "./handler";

const hostSchema = z.strictObject({
  target: targetSchema,
  controlPlane: z.boolean(),
  worker: z.boolean().optional(),
  hostname: z.string().optional(),
  swap: z.enum(["refuse", "off", "allow"]).optional(),
  ignore: z.array(z.string()).optional(),
  failCgroupV1: z.boolean().optional(),
});
type HostInput = z.infer<typeof hostSchema>;

const schema = z.strictObject({
  clusterId: z.string().min(1),
  kubernetesVersion: z.string().min(1),
  hosts: z.record(z.string(), hostSchema),
  /** Machines that are nodes of the cluster by other leaves. */
  peers: z.record(z.string(), z.strictObject({ machineId: z.string(), address: z.string() })).optional(),
  reach: reachSchema,
  timeouts: timeoutsSchema.optional(),
});
export type PreflightInputs = z.infer<typeof schema>;

/** Names of hosts that were good, with the machine that was looked at. */
type Passed = Record<string, string>;
export type PreflightOutputs = { passed: Passed };

export const preflight: Handler<PreflightInputs, PreflightOutputs> = {
  kind: "Preflight",
  schema,
  changes: {
    clusterId: "fixed",
    kubernetesVersion: "ignored",
    hosts: "work",
    peers: "ignored",
    reach: "quiet",
    timeouts: "quiet",
  },
  create: async (op, inputs) => ({ id: `preflight-${inputs.clusterId}`, outputs: await look(op, inputs, {}) }),
  update: async (op, known, inputs) => look(op, inputs, known.outputs.passed ?? {}),
  read: async (_op, { inputs, outputs }) => ({ inputs, outputs: { passed: outputs.passed ?? {} } }),
  delete: async () => {},
};

interface Look {
  name: string;
  input: HostInput;
  facts: Facts | Problem;
}

const label = ({ name, input }: Look): string => `${name} (${input.target.connection.host})`;

async function look(op: Operation, inputs: PreflightInputs, passed: Passed): Promise<PreflightOutputs> {
  const due = Object.entries(inputs.hosts).filter(([name, { target }]) => passed[name] !== target.machineId);
  if (due.length > 0) {
    const [looks, clocks] = await Promise.all([lookAtAll(op, inputs, due), clocksBeside(op, inputs, due)]);
    judge(op, inputs, looks, clocks);
  }
  return {
    passed: Object.fromEntries(Object.entries(inputs.hosts).map(([name, { target }]) => [name, target.machineId])),
  };
}

async function lookAtAll(op: Operation, { timeouts }: PreflightInputs, due: [string, HostInput][]): Promise<Look[]> {
  const gate = new Gate(16);
  let done = 0;
  op.progress.say(`preflight: looking at ${due.length} host${due.length === 1 ? "" : "s"}`);
  // A host's own warnings would drown among the others' progress: only what the checks find is told.
  const quiet = { say: () => {}, warn: (text: string) => op.progress.warn(text) };
  const one = async ([name, input]: [string, HostInput]): Promise<Look> => {
    const facts = await lookAt(name, input.target, timeouts, quiet).catch(problemOf);
    done += 1;
    op.progress.say(`preflight: ${done} of ${due.length} hosts looked at`);
    return { name, input, facts };
  };
  return Promise.all(due.map((entry) => gate.run(() => one(entry))));
}

/** A host that could not be looked at stands in the same report as the others. */
function problemOf(error: unknown): Problem {
  if (!(error instanceof UserError)) throw error;
  const unreachable = [UnreachableError, AuthenticationError, HostKeyError].some((family) => error instanceof family);
  return {
    check: unreachable ? "Unreachable" : "Facts",
    text: error.message.split("\n  What to do:")[0] ?? error.message,
    remedy: error.remedy ?? "bring it up and check its `connection`",
  };
}

function clocksBeside(
  op: Operation,
  { hosts, reach, timeouts }: PreflightInputs,
  due: [string, HostInput][],
): Promise<number[]> {
  const asked = new Set(due.map(([name]) => name));
  const members = Object.entries({ ...reach, ...targetsOf(hosts) }).filter(
    ([name]) => !asked.has(name) && name in reach,
  );
  return clusterClocks(Object.fromEntries(members), timeouts, op.progress);
}

const targetsOf = (hosts: PreflightInputs["hosts"]) =>
  Object.fromEntries(Object.entries(hosts).map(([name, { target }]) => [name, target]));

function judge(op: Operation, inputs: PreflightInputs, looks: Look[], clocks: number[]): void {
  const fleet = fleetOf(inputs, looks, clocks);
  const failures: Failure[] = [];
  for (const item of looks) {
    const candidate = fleet.candidates.find(({ name }) => name === item.name);
    const found = candidate ? examine(candidate, fleet, item.input.ignore ?? []) : [item.facts as Problem];
    for (const { check, text, remedy } of found.filter(({ warning }) => warning)) {
      op.progress.warn(`${label(item)} ${text} (${check}): ${remedy}`);
    }
    const problems = found.filter(({ warning }) => !warning);
    if (problems.length > 0) failures.push({ host: label(item), problems });
  }
  if (failures.length > 0) throw preflightError(failures, looks.length);
}

function fleetOf(inputs: PreflightInputs, looks: Look[], clusterClocks: number[]): Fleet {
  const candidates = looks.flatMap(({ name, input, facts }): Candidate[] => {
    if ("check" in facts) return [];
    const { target, controlPlane, hostname, failCgroupV1 } = input;
    const swap = input.swap === "refuse" ? undefined : input.swap;
    return [
      { name, facts, address: target.address, machineId: target.machineId, controlPlane, hostname, swap, failCgroupV1 },
    ];
  });
  // Hosts of this leaf that passed earlier are nodes as good as anybody else's.
  const looked = new Set(looks.map(({ name }) => name));
  const earlier = Object.entries(targetsOf(inputs.hosts)).filter(([name]) => !looked.has(name));
  const peers = Object.entries({ ...inputs.peers, ...Object.fromEntries(earlier) });
  return {
    clusterId: inputs.clusterId,
    kubernetesVersion: inputs.kubernetesVersion,
    candidates,
    peers: peers.map(([name, { machineId, address }]) => ({ name, machineId, address })),
    clusterClocks,
  };
}
