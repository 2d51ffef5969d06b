// Certificate requests of nodes, submitted for them: what is asked is looked at before it is approved.

import { setTimeout as sleep } from "node:timers/promises";
import type { Host } from "../../host/host";
import type { Kubectl } from "../../host/kubectl";
import type { KubeObject } from "../../host/kubeObject";
import { RefusedError, UserError } from "../../lib/errors";
import { sha256 } from "../../lib/sha256";

const signerName = "kubernetes.io/kube-apiserver-client-kubelet";
const type = "certificatesigningrequests.v1.certificates.k8s.io";
export const requestLabel = "pulumi-kubeadm/virtual-node";

/** A request as the agent's machine made it. */
export interface ClientRequest {
  node: string;
  /** PEM */
  csr: string;
}

/** Arguments: the nodes; on standard input a request of each in base64, a line each. Its signature proves the key; a name or address in it would be somebody else's wish. */
const look = `
objection() {
  openssl req -noout -verify <"$csr" 2>&1 | grep -q 'verify OK' || { echo "its signature is wrong"; return; }
  subject=$(openssl req -noout -subject -nameopt RFC2253 <"$csr")
  [ "$subject" = "subject=CN=system:node:$1,O=system:nodes" ] || { echo "its subject is $subject"; return; }
  if openssl req -noout -text <"$csr" | grep -q 'Subject Alternative Name'; then echo "it asks for further names"; fi
}
csr=$(mktemp)
trap 'rm -f "$csr"' EXIT
for node; do
  IFS= read -r encoded
  printf '%s' "$encoded" | base64 -d >"$csr"
  why=$(objection "$node")
  if [ -n "$why" ]; then echo "$node was not approved: $why"; exit 0; fi
done
`;

/** On a control plane, which has openssl. */
export async function refuseForeignRequests(controlPlane: Host, requests: readonly ClientRequest[]): Promise<void> {
  const nodes = requests.map(({ node }) => node);
  const stdin = requests.map(({ csr }) => `${Buffer.from(csr).toString("base64")}\n`).join("");
  const objection = (await controlPlane.sh(look, nodes, { stdin })).stdout.trim();
  if (objection === "") return;
  throw new RefusedError(
    `the certificate request for ${objection}`,
    "look at who else writes on the machine that runs the node agent",
  );
}

/** Certificates in PEM by node. Requests that an earlier run left are the same ones, by their content. */
export async function signRequests(
  kubectl: Kubectl,
  requests: readonly ClientRequest[],
  timeoutMs: number,
): Promise<Map<string, string>> {
  const named = new Map(requests.map((request) => [nameOf(request), request]));
  const objects = [...named].map(([name, request]) => objectOf(name, request));
  await kubectl.apply(objects, { fieldManager: "pulumi-kubeadm", force: true });
  const names = [...named.keys()];
  const argv = ["certificate", "approve", ...names];
  await kubectl.command(argv, { what: `approve ${names.length} certificates`, repeatable: true });
  const signed = await certificatesOf(kubectl, new Set(names), timeoutMs);
  await kubectl.deleteAll(type, names);
  return new Map([...named].map(([name, { node }]) => [node, signed.get(name) ?? ""]));
}

function nameOf({ node, csr }: ClientRequest): string {
  return `pulumi-kubeadm-${node}-${sha256(csr).slice(0, 10)}`;
}

function objectOf(name: string, { node, csr }: ClientRequest): KubeObject {
  return {
    apiVersion: "certificates.k8s.io/v1",
    kind: "CertificateSigningRequest",
    metadata: { name, labels: { [requestLabel]: node } },
    spec: { request: Buffer.from(csr).toString("base64"), signerName, usages: ["digital signature", "client auth"] },
  };
}

async function certificatesOf(
  kubectl: Kubectl,
  names: ReadonlySet<string>,
  timeoutMs: number,
): Promise<Map<string, string>> {
  const over = Date.now() + timeoutMs;
  for (;;) {
    const all = (await kubectl.list({ type, labels: requestLabel })).filter(({ metadata }) => names.has(metadata.name));
    const signed = new Map(all.flatMap((object) => pemOf(object)));
    if (signed.size === names.size) return signed;
    if (Date.now() > over) {
      const late = [...names].filter((name) => !signed.has(name));
      throw new UserError(
        `${kubectl.label}: no certificate for ${late.slice(0, 5).join(", ")}${late.length > 5 ? " and others" : ""} within ${Math.round(timeoutMs / 1000)} s`,
        "`kubectl describe csr` says why; the kube-controller-manager is what signs them",
      );
    }
    await sleep(300);
  }
}

function pemOf({ metadata, status }: KubeObject): [string, string][] {
  const certificate = (status as { certificate?: string } | undefined)?.certificate;
  return certificate === undefined ? [] : [[metadata.name, Buffer.from(certificate, "base64").toString("utf8")]];
}

/** What these nodes have asked for so far, by whoever asked for them. */
export async function forgetRequests(kubectl: Kubectl, nodes: readonly string[]): Promise<void> {
  const users = new Set(nodes.map((node) => `system:node:${node}`));
  const asked = (await kubectl.list({ type })).filter(({ metadata, spec }) => {
    const { username = "" } = (spec ?? {}) as { username?: string };
    return users.has(username) || nodes.includes(metadata.labels?.[requestLabel] ?? "");
  });
  const names = asked.map(({ metadata }) => metadata.name);
  await kubectl.deleteAll(type, names);
}
