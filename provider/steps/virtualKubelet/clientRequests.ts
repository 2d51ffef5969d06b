// Certificate requests of nodes, submitted for them: what is asked is looked at before it is approved.

import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Host } from "../../host/host";
import type { Kubectl } from "../../host/kubectl";
import type { KubeObject } from "../../host/kubeObject";
import { RefusedError, UserError } from "../../lib/errors";

const signerName = "kubernetes.io/kube-apiserver-client-kubelet";
const type = "certificatesigningrequests.v1.certificates.k8s.io";
export const requestLabel = "pulumi-kubeadm/virtual-node";

/** A request as the agent's machine made it. */
export interface ClientRequest {
  node: string;
  /** PEM */
  csr: string;
}

/** $1: the node. Its signature proves the key; a name or address in it would be somebody else's wish. */
const look = `
csr=$(cat)
printf '%s\\n' "$csr" | openssl req -noout -verify 2>&1 | grep -q 'verify OK' || { echo "its signature is wrong"; exit 0; }
subject=$(printf '%s\\n' "$csr" | openssl req -noout -subject -nameopt RFC2253)
[ "$subject" = "subject=CN=system:node:$1,O=system:nodes" ] || { echo "its subject is $subject"; exit 0; }
if printf '%s\\n' "$csr" | openssl req -noout -text | grep -q 'Subject Alternative Name'; then echo "it asks for further names"; fi
`;

/** On a control plane, which has openssl. */
export async function refuseForeignRequest(controlPlane: Host, { node, csr }: ClientRequest): Promise<void> {
  const { stdout } = await controlPlane.sh(look, [node], { stdin: csr });
  const objection = stdout.trim();
  if (objection === "") return;
  throw new RefusedError(
    `the certificate request for ${node} was not approved: ${objection}`,
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
  for (const name of names) await forget(kubectl, name);
  return new Map([...named].map(([name, { node }]) => [node, signed.get(name) ?? ""]));
}

function nameOf({ node, csr }: ClientRequest): string {
  return `pulumi-kubeadm-${node}-${createHash("sha256").update(csr).digest("hex").slice(0, 10)}`;
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

async function forget(kubectl: Kubectl, name: string): Promise<void> {
  await kubectl.delete({ apiVersion: "certificates.k8s.io/v1", kind: "CertificateSigningRequest", name });
}

/** What these nodes have asked for so far, by whoever asked for them. */
export async function forgetRequests(kubectl: Kubectl, nodes: readonly string[]): Promise<void> {
  const users = new Set(nodes.map((node) => `system:node:${node}`));
  const all = await kubectl.list({ type });
  for (const { metadata, spec } of all) {
    const { username = "" } = (spec ?? {}) as { username?: string };
    if (users.has(username) || nodes.includes(metadata.labels?.[requestLabel] ?? ""))
      await forget(kubectl, metadata.name);
  }
}
