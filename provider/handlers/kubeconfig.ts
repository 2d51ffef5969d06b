// The administrator's kubeconfig, read once and again when its certificate is renewed: it stays known in all other previews, so that what is made with it is not replaced.
import { parse, stringify } from "yaml";
import { z } from "zod";
import { withControlPlane } from "../host/reach";
import { certificatesSchema, reachSchema, timeoutsSchema } from "../kubeadm/spec";
import { UserError } from "../lib/errors";
import { rememberSecret } from "../lib/redact";
import { beginEnd } from "../recipes/ending";
import { certificatesOf } from "../recipes/renewCertificates";
import { recordEnding } from "../steps/node/clusterRecord";
import { certificateDue, certificateOf, certificateOutput } from "./certificate";
import type { Handler, Operation } from "./handler";

const schema = z.strictObject({
  clusterId: z.string().min(1),
  clusterName: z.string().min(1),
  /** "host:port" */
  endpoint: z.string().min(1),
  reach: reachSchema,
  timeouts: timeoutsSchema.optional(),
  certificates: certificatesSchema.optional(),
});
export type KubeconfigInputs = z.infer<typeof schema>;

const adminSchema = z.object({
  clusters: z.tuple([z.object({ cluster: z.object({ "certificate-authority-data": z.string() }) })]),
  users: z.tuple([
    z.object({ user: z.object({ "client-certificate-data": z.string(), "client-key-data": z.string() }) }),
  ]),
});

const outputsSchema = z.object({
  kubeconfig: z.string(),
  caCertificate: z.string(),
  server: z.string(),
  // Of the control plane it was read from: it is renewed when that one is.
  ...certificateOutput,
});
export type KubeconfigOutputs = z.infer<typeof outputsSchema>;

/** kubeadm calls every cluster "kubernetes"; beside others in one file it has to have its own name. */
export function renamed(adminConf: string, clusterName: string, endpoint: string): KubeconfigOutputs {
  const { clusters, users } = adminSchema.parse(parse(adminConf));
  const ca = clusters[0].cluster["certificate-authority-data"];
  const server = `https://${endpoint}`;
  const user = `${clusterName}-admin`;
  const kubeconfig = stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: clusterName, cluster: { server, "certificate-authority-data": ca } }],
    users: [{ name: user, user: users[0].user }],
    contexts: [{ name: clusterName, context: { cluster: clusterName, user } }],
    "current-context": clusterName,
  });
  rememberSecret(users[0].user["client-key-data"]);
  return { kubeconfig, caCertificate: Buffer.from(ca, "base64").toString("utf8"), server };
}

async function fetch(
  { progress }: Operation,
  { clusterName, endpoint, reach, timeouts }: KubeconfigInputs,
  isNew = false,
): Promise<KubeconfigOutputs> {
  return withControlPlane({ reach, timeouts, progress }, async ({ host, kubectl }) => {
    // After a destroy that did not end the cluster is wanted again.
    if (isNew) await recordEnding(kubectl, false);
    const content = await host.readFile("/etc/kubernetes/admin.conf");
    if (!content)
      throw new UserError(
        `${host.label}: /etc/kubernetes/admin.conf is missing`,
        "`kubeadm init phase kubeconfig admin` makes it again",
      );
    return {
      ...renamed(content.toString("utf8"), clusterName, endpoint),
      ...certificateOf(await certificatesOf(host)),
    };
  });
}

export const kubeconfig: Handler<KubeconfigInputs, KubeconfigOutputs> = {
  kind: "Kubeconfig",
  schema,
  changes: {
    clusterId: "fixed",
    clusterName: "fixed",
    endpoint: "work",
    reach: "ignored",
    timeouts: "ignored",
    certificates: "ignored",
  },
  due: certificateDue,
  create: async (op, inputs) => ({ id: `${inputs.clusterId}/kubeconfig`, outputs: await fetch(op, inputs, true) }),
  update: (op, _known, inputs) => fetch(op, inputs),
  read: async (_op, { inputs, outputs }) => ({ inputs, outputs: outputsSchema.parse(outputs) }),
  // The first to go when the whole cluster goes, and never before.
  delete: ({ progress }, { inputs }) => beginEnd({ ...inputs, timeouts: inputs.timeouts, progress }),
};
