// A small leaf with one field of every class of change, so that the adapter is tested without any host.
import { z } from "zod";
import type { Bag } from "../../../provider/dynamic/bag";
import type { Handler, Known, Operation } from "../../../provider/handlers/handler";
import { targetSchema, timeoutsSchema } from "../../../provider/kubeadm/spec";

const schema = z.strictObject({
  clusterId: z.string().min(1),
  name: z.string().min(1),
  target: targetSchema,
  labels: z.record(z.string(), z.string()),
  replicas: z.number().int().optional(),
  timeouts: timeoutsSchema.optional(),
  note: z.string().optional(),
  providerId: z.string().optional(),
  under: z.string().optional(),
});
export type FakeInputs = z.infer<typeof schema>;
export type FakeOutputs = { joined: boolean; found?: string };

export interface Calls {
  readonly made: string[];
  operation?: Operation;
  known?: Known<FakeInputs, FakeOutputs>;
  inputs?: FakeInputs;
}

type Fake = Handler<FakeInputs, FakeOutputs>;

export function fakeHandler(own: Partial<Fake> = {}): { handler: Fake; calls: Calls } {
  const calls: Calls = { made: [] };
  const handler: Fake = {
    kind: "Fake",
    schema,
    changes: {
      clusterId: "fixed",
      name: "fixed",
      target: "replace",
      labels: "work",
      replicas: "work",
      timeouts: "quiet",
      note: "ignored",
      providerId: "fixed",
      under: "follow",
    },
    replaces: (_field, olds, news) => news.target?.machineId !== olds.target.machineId,
    create: async (operation, inputs) => {
      Object.assign(calls, { operation, inputs });
      calls.made.push("create");
      return { id: `${inputs.clusterId}/${inputs.name}`, outputs: { joined: true } };
    },
    update: async (operation, known, inputs) => {
      Object.assign(calls, { operation, known, inputs });
      calls.made.push("update");
      return { joined: true };
    },
    read: async (operation, known) => {
      Object.assign(calls, { operation, known });
      calls.made.push("read");
      return { inputs: known.inputs, outputs: { joined: true } };
    },
    delete: async (operation, known) => {
      Object.assign(calls, { operation, known });
      calls.made.push("delete");
    },
    ...own,
  };
  return { handler, calls };
}

export const privateKey = "the-private-key-of-nobody";

export function target(own: { machineId?: string; address?: string; host?: string; privateKey?: string } = {}) {
  return {
    connection: { host: own.host ?? "10.0.0.11", user: "ops", privateKey: own.privateKey ?? privateKey },
    hostKeys: { "10.0.0.11:22": "ssh-ed25519 AAAA" },
    machineId: own.machineId ?? "m1",
    address: own.address ?? "10.0.0.11",
  };
}

export const providerText = 'exports.handler=()=>require("somewhere").handler("Fake")';

/** Inputs as they come over the wire. */
export function bag(own: Bag = {}): Bag {
  return {
    clusterId: "c1",
    name: "w1",
    target: target(),
    labels: { pool: "general" },
    __provider: providerText,
    logUrn: "urn:pulumi:dev::shop::fake::w1",
    ...own,
  };
}

/** What the state holds after a create that succeeded. */
export function state(own: Bag = {}): Bag {
  return { ...bag(), joined: true, converged: true, ...own };
}
