// The nodes' client certificates: keys are made on the agent's machine and never leave it, what is signed comes back to it.
import { X509Certificate } from "node:crypto";
import { deadline } from "../../kubeadm/spec";
import { agentProgram, certificatesOf } from "../../kubeadm/virtualKubelet/names";
import { UserError } from "../../lib/errors";
import type { Step } from "../step";
import { type ClientRequest, refuseForeignRequests, signRequests } from "./clientRequests";
import type { AgentContext } from "./context";
import type { AgentSurvey } from "./survey";
import { wantRestart } from "./wantRestart";

/** So many in one command line, and in one list of requests. */
const batch = 100;

export const certifyNodes: Step<AgentContext> = {
  title: "certify the node",
  when: (context) => uncertified(context).length > 0,
  run: async (context) => {
    const { plan, kubectl, approver, progress } = context;
    const all = uncertified(context);
    await wantRestart(context);
    for (let first = 0; first < all.length; first += batch) {
      if (all.length > batch) progress.say(`certified ${first} of ${all.length} nodes`);
      const requests = await requestsOf(context, all.slice(first, first + batch));
      await refuseForeignRequests(approver, requests);
      const signed = await signRequests(kubectl, requests, deadline(plan.timeouts, "command"));
      await install(context, signed);
    }
  },
};

function uncertified({
  plan,
  nodes,
  survey,
  files,
}: Pick<AgentContext, "plan" | "nodes" | "survey" | "files">): string[] {
  return nodes.filter((node) => !isCertified(survey, certificatesOf(plan.name, node), files.ca, node));
}

/** Of this cluster's authority, for this node, and of today: an agent renews its own in time, unless it was off. */
export function isCertified(
  { certificates }: Pick<AgentSurvey, "certificates">,
  directory: string,
  ca: string,
  node: string,
  now = Date.now(),
): boolean {
  const pem = certificates.get(directory);
  if (pem === undefined) return false;
  const certificate = new X509Certificate(pem);
  const subject = certificate.subject.split("\n");
  return (
    subject.includes(`CN=system:node:${node}`) &&
    certificate.verify(new X509Certificate(ca).publicKey) &&
    Date.parse(certificate.validTo) > now
  );
}

/** Arguments: pairs of a node and its directory. */
const request = `
program=$1; shift
while [ $# -gt 0 ]; do
  mkdir -p "$2"
  chmod 0700 "$2"
  "$program" csr --nodename "$1" --cert-dir "$2"
  shift 2
done
`;

const onePem = /-----BEGIN CERTIFICATE REQUEST-----[\s\S]*?-----END CERTIFICATE REQUEST-----\n?/g;

async function requestsOf({ host, plan, program }: AgentContext, nodes: readonly string[]): Promise<ClientRequest[]> {
  const pairs = nodes.flatMap((node) => [node, certificatesOf(plan.name, node)]);
  const { stdout } = await host.sh(request, [agentProgram(program.sha256), ...pairs]);
  const found = stdout.match(onePem) ?? [];
  if (found.length !== nodes.length)
    throw new UserError(
      `${host.label}: the node agent made ${found.length} certificate requests for ${nodes.length} nodes`,
    );
  return nodes.map((node, index) => ({ node, csr: found[index] ?? "" }));
}

/** Arguments: directories; on standard input a certificate for each in base64, a line each. */
const accept = `
program=$1; shift
for directory; do
  IFS= read -r encoded
  printf '%s' "$encoded" | base64 -d | "$program" accept-certificate --cert-dir "$directory"
done
`;

async function install({ host, plan, program }: AgentContext, signed: ReadonlyMap<string, string>): Promise<void> {
  const directories = [...signed.keys()].map((node) => certificatesOf(plan.name, node));
  const stdin = [...signed.values()].map((pem) => `${Buffer.from(pem).toString("base64")}\n`).join("");
  await host.sh(accept, [agentProgram(program.sha256), ...directories], { stdin });
}
