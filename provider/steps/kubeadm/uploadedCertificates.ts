// The cluster's CAs on their way to a new control plane: an encrypted secret that lives as long as one join.
import { randomBytes } from "node:crypto";
import type { Kubectl } from "../../host/kubectl";
import type { LivingControlPlane } from "../../host/reach";
import type { Progress } from "../../lib/progress";
import { rememberSecret } from "../../lib/redact";
import { finallyDo } from "./bootstrapToken";
import { runDirectory } from "./context";
import { runKubeadm } from "./runKubeadm";

export async function withUploadedCertificates<T>(
  peer: LivingControlPlane,
  node: string,
  document: (certificateKey: string) => string,
  progress: Progress,
  use: (certificateKey: string) => Promise<T>,
): Promise<T> {
  const key = randomBytes(32).toString("hex");
  rememberSecret(key);
  const config = `${runDirectory}/upload-certs-${node}.yaml`;
  const cleanUp = async () => {
    await peer.host.run(["rm", "-f", config]);
    await forgetCertificates(peer.kubectl);
  };
  const work = async () => {
    await peer.host.writeFile(config, document(key), 0o600);
    const argv = [
      "init",
      "phase",
      "upload-certs",
      "--upload-certs",
      "--skip-certificate-key-print",
      "--config",
      config,
    ];
    // kubeadm asks a slow API again for a minute of its own.
    await runKubeadm(peer.host, argv, { timeoutMs: 120_000 });
    await peer.host.run(["rm", "-f", config]);
    return use(key);
  };
  return finallyDo(work, cleanUp, (error) =>
    progress.warn(`${peer.host.label}: the uploaded certificates could not be deleted and end in two hours: ${error}`),
  );
}

/** kubeadm's own words on the token that only gives the secret its end. */
const proxyDescription = Buffer.from("Proxy for managing TTL for the kubeadm-certs secret").toString("base64");

/** The secret and every token that kubeadm made to give one its end, also those of a join that was killed. */
export async function forgetCertificates(kubectl: Kubectl): Promise<void> {
  const namespace = "kube-system";
  const query = { type: "secrets", namespace, fields: "type=bootstrap.kubernetes.io/token" };
  const tokens = (await kubectl.list(query)).filter(
    ({ data }) => (data as Record<string, string> | undefined)?.description === proxyDescription,
  );
  for (const name of [...tokens.map(({ metadata }) => metadata.name), "kubeadm-certs"])
    await kubectl.delete({ apiVersion: "v1", kind: "Secret", namespace, name });
}
