// A control plane's certificates before they end: issued anew, taken up by all who hold former ones, proven by what is served.
import type { Host } from "../host/host";
import { renewalDue, type Soonest } from "../kubeadm/certificates";
import { heldCertificates, soonest, staleReaders } from "../steps/certificates/held";
import { renewCertificates } from "../steps/certificates/renew";
import { renewKubelet } from "../steps/certificates/renewKubelet";
import { useRenewed } from "../steps/certificates/useRenewed";
import type { ClusterContext, NodeContext } from "../steps/kubeadm/context";
import { runSteps } from "../steps/step";
import type { Attempt } from "./attempt";
import { gate } from "./gate";

export async function certificatesOf(host: Host): Promise<Soonest | undefined> {
  return soonest(await heldCertificates(host));
}

/** Also when an earlier run renewed them and died before everybody had taken them up. */
export async function renewDueCertificates(own: ClusterContext, attempt: Attempt): Promise<void> {
  const { host, plan } = own;
  const held = await heldCertificates(host);
  const first = soonest(held);
  const due = first !== undefined && renewalDue(first, plan.certificates?.renewBefore, Date.now());
  if (!due && (await staleReaders(host, held)).length === 0) return;
  await gate(own, attempt, "certificates");
  await runSteps<NodeContext>(own, due ? [renewCertificates, useRenewed] : [useRenewed]);
}

/** With certificates that have ended nobody can be asked: renewed by what lies on the host, before it is looked at as part of a cluster. */
export async function renewEndedCertificates(context: NodeContext, attempt: Attempt): Promise<void> {
  const { host, progress } = context;
  const held = await heldCertificates(host);
  const first = soonest(held);
  if (!first || Date.parse(first.ends) > Date.now()) return;
  progress.warn(`${host.label}: certificates of the control plane ended at ${first.ends}; they are renewed now`);
  attempt.begun = true;
  await runSteps<NodeContext>(context, [renewCertificates, renewKubelet, useRenewed]);
}
