// Leases, files and uploads: kept by name, never on this machine.
import { releaseScript, renewScript, takeScript } from "../../../provider/host/leaseScripts";
import { absent, lookScript, readScript, uploadScript, writeScript } from "../../../provider/ssh/files";
import { type Answer, type Asked, type Rule, scriptIs, scriptWith } from "./rule";

const adminConf = `apiVersion: v1
kind: Config
clusters: [{name: kubernetes, cluster: {server: "https://10.99.0.1:6443", certificate-authority-data: "${Buffer.from("the CA").toString("base64")}"}}]
users: [{name: admin, user: {client-certificate-data: "${Buffer.from("certificate").toString("base64")}", client-key-data: "${Buffer.from("key").toString("base64")}"}}]
`;

/** What kubeadm makes on a control plane and the provider reads. */
const made: Readonly<Record<string, string>> = {
  "/etc/kubernetes/admin.conf": adminConf,
  "/etc/kubernetes/pki/ca.crt": "the CA",
};

function read({ host, command: { args } }: Asked): Answer | string {
  const [path = ""] = args;
  const content = host.files.get(path) ?? (host.controlPlane && host.joined ? made[path] : undefined);
  return content ?? { code: absent };
}

function write({ host, command: { args }, stdin }: Asked): string {
  const [path = ""] = args;
  if (path.endsWith("/claim.json")) host.claim = stdin.trim();
  host.files.set(path, stdin);
  return "written\n";
}

export const fileRules: readonly Rule[] = [
  { name: "lease taken", matches: scriptIs(takeScript), answer: () => "taken\n" },
  { name: "lease renewed", matches: scriptIs(renewScript), answer: () => "renewed\n" },
  { name: "lease released", matches: scriptIs(releaseScript) },
  { name: "file read", matches: scriptIs(readScript), answer: read },
  { name: "file written", matches: scriptIs(writeScript), answer: write },
  { name: "upload looked for", matches: scriptIs(lookScript), answer: () => "different\n" },
  { name: "upload", ms: 100, matches: scriptIs(uploadScript) },
  { name: "files placed", matches: scriptWith('rmdir "$staged"') },
  { name: "packages sent", ms: 50, matches: scriptWith("sha256sum --check --quiet SHA256SUMS") },
  { name: "journal entry", matches: scriptWith('cat >>"$journal"; persist') },
];
