// Machine: a host as it was first met. Its keys, its machine-id and the address that is the node's; nothing is changed on it.
import { z } from "zod";
import { nodeAddress } from "../host/address";
import { gatherFacts } from "../host/facts";
import { openMachine, withHost } from "../host/open";
import { connectionSchema, type Hop, timeoutsSchema } from "../kubeadm/spec";
import { AuthenticationError, HostKeyError, RefusedError, UnreachableError, UserError } from "../lib/errors";
import { hopAddress } from "../ssh/hop";
import type { Handler, Known, Operation } from "./handler";

const schema = z.strictObject({
  name: z.string().min(1),
  connection: connectionSchema,
  address: z.string().optional(),
  timeouts: timeoutsSchema.optional(),
});
export type MachineInputs = z.infer<typeof schema>;

const outputsSchema = z.object({
  /** By "host:port" of every hop on the way, as they answered. */
  hostKeys: z.record(z.string(), z.string()),
  machineId: z.string(),
  nodeAddress: z.string(),
  hostname: z.string(),
});
export type MachineOutputs = z.infer<typeof outputsSchema>;

export const machine: Handler<MachineInputs, MachineOutputs> = {
  kind: "Machine",
  schema,
  changes: { name: "fixed", connection: "work", address: "work", timeouts: "quiet" },

  create: async (op, inputs) => ({ id: inputs.name, outputs: await meet(op, inputs, {}) }),

  update: async (op, known, inputs) => {
    const before = outputsSchema.safeParse(known.outputs).data;
    if (before && known.converged && sameWay(known.inputs, inputs)) return before;
    const now = await meet(op, inputs, before?.hostKeys ?? {});
    if (before) {
      refuseDoubtful(before, inputs, now);
      tellAnother(op, before, inputs, now);
    }
    return now;
  },

  read: async (op, known) => {
    const outputs = outputsSchema.parse(known.outputs);
    await lookAgain(op, known, outputs);
    return { inputs: known.inputs, outputs };
  },

  delete: async () => {},
};

function hops(hop: Hop): Hop[] {
  return hop.proxy ? [...hops(hop.proxy), hop] : [hop];
}

/** Only credentials and deadlines differ: who answers cannot have become another one. */
function sameWay(before: MachineInputs, after: MachineInputs): boolean {
  const way = ({ connection, address }: MachineInputs) =>
    JSON.stringify([hops(connection).map((hop) => [hopAddress(hop), hop.hostKey ?? null]), address ?? null]);
  return way(before) === way(after);
}

async function meet(op: Operation, inputs: MachineInputs, hostKeys: Record<string, string>): Promise<MachineOutputs> {
  const { name, connection, timeouts } = inputs;
  op.progress.say(`connecting to ${connection.host}`);
  return openMachine({ name, connection, hostKeys, timeouts, progress: op.progress }, async (host, answered) => {
    const facts = await gatherFacts(host, timeouts);
    if (facts.machineId === "") {
      throw new UserError(`${host.label}: has no machine-id`, "run `systemd-machine-id-setup` on it");
    }
    const address = nodeAddress(host.label, facts, inputs.address, connection.host);
    return { hostKeys: answered, machineId: facts.machineId, nodeAddress: address, hostname: facts.hostname };
  });
}

/** The same machine-id with a key we have never seen is the same machine or a clone of it; only the user knows. */
function refuseDoubtful(before: MachineOutputs, { name, connection }: MachineInputs, now: MachineOutputs): void {
  const key = now.hostKeys[hopAddress(connection)];
  const known = Object.values(before.hostKeys).some((former) => former === key);
  if (before.machineId !== now.machineId || known || connection.hostKey !== undefined) return;
  throw new RefusedError(
    `${name} (${connection.host}): has the machine-id of the host this node was on, and another host key`,
    "if it is the same machine, pin its key (`connection.hostKey`); if it is a clone, give it a machine-id of its own (`rm /etc/machine-id; systemd-machine-id-setup`)",
  );
}

function tellAnother({ progress }: Operation, before: MachineOutputs, { name }: MachineInputs, now: MachineOutputs) {
  if (before.machineId === now.machineId) return;
  const what = before.nodeAddress === now.nodeAddress ? "was reinstalled or replaced" : "is on another machine now";
  progress.warn(
    `${name} ${what} (machine-id ${now.machineId}, before ${before.machineId}): its former node is taken out of the cluster, and this machine joins in its place`,
  );
}

/** Refresh only tells what it sees: a machine that cannot be looked at is not gone. */
async function lookAgain(
  op: Operation,
  known: Known<MachineInputs, MachineOutputs>,
  outputs: MachineOutputs,
): Promise<void> {
  const { name, connection, timeouts } = known.inputs;
  const { hostKeys, machineId, nodeAddress: address } = outputs;
  const target = { connection, hostKeys, machineId, address };
  try {
    await withHost({ name, target, timeouts, progress: op.progress, exclusive: false }, async (host) => {
      const found = (await host.readFile("/etc/machine-id"))?.toString("utf8").trim() ?? "";
      if (found === machineId) return;
      op.progress.warn(
        `${host.label} is not the machine that was recorded (machine-id ${found}, not ${machineId}): if it was reinstalled and kept its host key, \`pulumi up --replace URN\` with the URN of its Machine takes the former node out and lets the machine join anew`,
      );
    });
  } catch (error) {
    const told = [UnreachableError, AuthenticationError, HostKeyError].some((family) => error instanceof family);
    if (!told) throw error;
    op.progress.warn(`not refreshed: ${(error as UserError).message}`);
  }
}
