// Rule 4 for a recovery: where somebody else may still decide things for this cluster, nothing is recovered.
import { parse } from "yaml";
import type { Host } from "../host/host";
import { living, mayBeQuorum } from "../kubeadm/livingQuorum";
import { hostOf } from "../lib/endpoint";
import { RefusedError } from "../lib/errors";
import { answering, endpointAnswers } from "../steps/recover/others";
import type { SnapshotContent } from "../steps/recover/readSnapshot";

export interface Around {
  others: SnapshotContent["controlPlanes"];
  /** Of the host that is recovered onto. */
  address: string;
  /** It is itself a member still. */
  survivor: boolean;
  /** kubeadm's ClusterConfiguration, where it can be read. */
  configuration: string | undefined;
}

/** Names of those that answer without being a quorum. */
export async function refuseSecondCluster(host: Host, around: Around): Promise<string[]> {
  const { others, survivor } = around;
  const addresses = others.flatMap((other) => other.addresses);
  const [answers] = await Promise.all([answering(host, addresses), refuseEndpoint(host, around)]);
  const quorum = mayBeQuorum({ known: others, answering: answers, survivor });
  if (quorum !== undefined)
    throw new RefusedError(
      `etcd answers on ${quorum.join(", ")}: together with what else is there that can be a quorum, and a recovery would make a second cluster`,
      "bring those back to health; if they are to be given up, switch them off first",
    );
  return living({ known: others, answering: answers });
}

/** A backup knows nothing of control planes that joined after it; those that live answer at the endpoint. */
async function refuseEndpoint(host: Host, { address, configuration }: Around): Promise<void> {
  const document = configuration === undefined ? {} : (parse(configuration) as { controlPlaneEndpoint?: unknown });
  const endpoint = document.controlPlaneEndpoint;
  if (typeof endpoint !== "string" || hostOf(endpoint) === address) return;
  if (!(await endpointAnswers(host, endpoint))) return;
  throw new RefusedError(
    `${host.label}: the API of this cluster is ready at its endpoint ${endpoint}, so a quorum lives, and a recovery would make a second cluster`,
    "take what is lost out of the program and run `pulumi up`; if those that live are to be given up, switch them off first",
  );
}
