// The certificates that kubeadm issued on a control plane, and the static pods that still run with former ones.
import { X509Certificate } from "node:crypto";
import type { Host } from "../../host/host";
import type { Soonest } from "../../kubeadm/certificates";
import type { StaticPod } from "../kubeadm/staticPodManifest";
import { processes } from "../kubeadm/staticPodState";

const pki = "/etc/kubernetes/pki";
/** By whom they are read only once, or at times nobody knows. The API server's own is read anew when it changes. */
const readers: Readonly<Record<StaticPod, readonly string[]>> = {
  etcd: [`${pki}/etcd/server.crt`, `${pki}/etcd/peer.crt`],
  "kube-apiserver": [
    `${pki}/apiserver-kubelet-client.crt`,
    `${pki}/apiserver-etcd-client.crt`,
    `${pki}/front-proxy-client.crt`,
  ],
  "kube-controller-manager": ["/etc/kubernetes/controller-manager.conf"],
  "kube-scheduler": ["/etc/kubernetes/scheduler.conf"],
};
export const servingCertificate = `${pki}/apiserver.crt`;
export const etcdCertificate = `${pki}/etcd/server.crt`;
const others = [
  servingCertificate,
  `${pki}/etcd/healthcheck-client.crt`,
  "/etc/kubernetes/admin.conf",
  "/etc/kubernetes/super-admin.conf",
];

export interface Held {
  path: string;
  /** Seconds since 1970. */
  written: number;
  certificate: X509Certificate;
}

// Of a kubeconfig only the certificate: its key stays where it is.
const script = `
for path in "$@"; do
  [ -e "$path" ] || continue
  echo "file $path $(stat -c %Y "$path")"
  case $path in
    *.conf) sed -n 's/^ *client-certificate-data: *//p' "$path" | base64 -d ;;
    *) cat "$path" ;;
  esac
done
`;

export async function heldCertificates(host: Host): Promise<Held[]> {
  const { stdout } = await host.sh(script, [...Object.values(readers).flat(), ...others]);
  return parseHeld(stdout);
}

export function parseHeld(text: string): Held[] {
  return text
    .split(/^(?=file )/m)
    .filter((part) => part.includes("BEGIN CERTIFICATE"))
    .map((part) => {
      const [, path = "", written = ""] = part.split("\n", 1)[0]?.split(" ") ?? [];
      return { path, written: Number(written), certificate: new X509Certificate(part.slice(part.indexOf("-----"))) };
    });
}

/** undefined where there are none. */
export function soonest(held: readonly Held[]): Soonest | undefined {
  const [first] = [...held].sort((one, other) => endOf(one) - endOf(other));
  if (!first) return undefined;
  const begun = Date.parse(first.certificate.validFrom);
  return { ends: new Date(endOf(first)).toISOString(), validity: Math.round((endOf(first) - begun) / 1000) };
}

function endOf({ certificate }: Held): number {
  return Date.parse(certificate.validTo);
}

/** Static pods whose process is older than a certificate it reads. */
export async function staleReaders(host: Host, held: readonly Held[]): Promise<StaticPod[]> {
  const running = await processes(host);
  const written = (pod: StaticPod) =>
    Math.max(0, ...held.filter(({ path }) => readers[pod].includes(path)).map((one) => one.written));
  return (Object.keys(readers) as StaticPod[]).filter((pod) =>
    running.some(({ name, started }) => name === pod && started < written(pod)),
  );
}
