// Who the cluster is: an id made once and the endpoint it was made with. No host is asked, nothing is ever updated.
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { withPort } from "../lib/endpoint";
import type { Handler } from "./handler";

const schema = z.strictObject({
  name: z.string().min(1),
  /** A host or "host:port": the program's, else the first control plane's address. */
  endpoint: z.string().min(1),
  /** Only what the program itself says. */
  explicitEndpoint: z.string().min(1).optional(),
});
export type IdentityInputs = z.infer<typeof schema>;

/** The computed default may move, as when the first control plane is replaced: the cluster keeps the one it was made with. */
export type IdentityOutputs = {
  clusterId: string;
  /** "host:port" */
  apiEndpoint: string;
};

export const identity: Handler<IdentityInputs, IdentityOutputs> = {
  kind: "Identity",
  schema,
  changes: { name: "ignored", endpoint: "ignored", explicitEndpoint: "ignored" },
  create: async (_op, { endpoint }) => {
    const clusterId = randomUUID();
    return { id: clusterId, outputs: { clusterId, apiEndpoint: withPort(endpoint) } };
  },
  update: async (_op, { id, outputs }, { endpoint }) => ({
    clusterId: outputs.clusterId ?? id,
    apiEndpoint: outputs.apiEndpoint ?? withPort(endpoint),
  }),
  read: async (_op, { id, inputs, outputs }) => ({
    inputs,
    outputs: { clusterId: outputs.clusterId ?? id, apiEndpoint: outputs.apiEndpoint ?? withPort(inputs.endpoint) },
  }),
  delete: async () => {},
};
