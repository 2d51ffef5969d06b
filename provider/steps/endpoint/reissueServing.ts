// A serving certificate with every name by which the API is found, the former endpoint's too: renewing one would keep its old names.
import { X509Certificate } from "node:crypto";
import type { Host } from "../../host/host";
import { deadline } from "../../kubeadm/spec";
import { hostOf, withPort } from "../../lib/endpoint";
import { UserError } from "../../lib/errors";
import { awaitServed, covers, servedCertificate } from "../certificates/served";
import { readApplied } from "../kubeadm/applied";
import { type NodePlan, runDirectory } from "../kubeadm/context";
import { certificateDocuments, servingNames } from "../kubeadm/documents";
import { runKubeadm } from "../kubeadm/runKubeadm";
import type { Step } from "../step";
import type { MoveContext } from "./context";

const pki = "/etc/kubernetes/pki";
const staged = `${runDirectory}/serving`;
const config = `${runDirectory}/serving.yaml`;

export const reissueServing: Step<MoveContext> = {
  title: "reissue the API server's certificate",
  run: async ({ host, plan, former }) => {
    const names = wantedNames(plan, former);
    try {
      await host.sh(`rm -rf ${staged}; mkdir -p -m 700 ${staged}; cp -p ${pki}/ca.crt ${pki}/ca.key ${staged}/`);
      await host.writeFile(config, certificateDocuments(plan, { directory: staged, names }), 0o600);
      await runKubeadm(host, ["init", "phase", "certs", "apiserver", "--config", config], {
        timeoutMs: deadline(plan.timeouts, "apply"),
      });
      // Two renames: whoever reads in between finds a pair that does not match, keeps the one it has and reads again.
      await host.sh(`mv -f ${staged}/apiserver.key ${pki}/; mv -f ${staged}/apiserver.crt ${pki}/`);
    } finally {
      await host.run(["rm", "-rf", staged, config]);
    }
    const pem = await host.readFile(`${pki}/apiserver.crt`);
    if (!pem) throw new UserError(`${host.label}: ${pki}/apiserver.crt is missing`, "run again");
    const expected = { server: ownServer(plan), what: "the API server", serial: new X509Certificate(pem).serialNumber };
    await awaitServed(host, expected, deadline(plan.timeouts, "ready"));
  },
};

/** Whether the API server of this host presents a certificate that lacks a name, or has one that the program took back. */
export async function reissueDue(host: Host, plan: NodePlan, former: string): Promise<boolean> {
  const [served, applied] = await Promise.all([servedCertificate(host, ownServer(plan)), readApplied(host)]);
  if (!served) throw new UserError(`${host.label}: its API server at ${ownServer(plan)} presents no certificate`);
  const wanted = wantedNames(plan, former);
  const takenBack = (applied?.names ?? []).filter((name) => !wanted.includes(name));
  return wanted.some((name) => !covers(served, name)) || takenBack.some((name) => covers(served, name));
}

export function wantedNames(plan: NodePlan, former: string): string[] {
  return [...new Set([hostOf(plan.endpoint), hostOf(former), ...servingNames(plan)])];
}

export function ownServer({ target }: Pick<NodePlan, "target">): string {
  return withPort(target.address.split(",")[0]?.trim() ?? target.address);
}
