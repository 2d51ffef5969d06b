// The cluster's CAs on their way to a new control plane: an encrypted secret that lives as long as one join.
import { randomBytes } from "node:crypto";
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
    await forgetCertificates(peer);
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
    await runKubeadm(peer.host, argv, { timeoutMs: 60_000 });
    await peer.host.run(["rm", "-f", config]);
    return use(key);
  };
  return finallyDo(work, cleanUp, (error) =>
    progress.warn(`${peer.host.label}: the uploaded certificates could not be deleted and end in two hours: ${error}`),
  );
}

/** The secret and the token that kubeadm made only to give it an end. */
async function forgetCertificates({ kubectl }: LivingControlPlane): Promise<void> {
  const namespace = "kube-system";
  const secret = await kubectl.get({ type: "secrets", namespace, name: "kubeadm-certs" });
  const owners = secret?.metadata.ownerReferences;
  const names = Array.isArray(owners) ? (owners as { kind?: string; name?: string }[]) : [];
  const tokens = names.flatMap(({ kind, name }) => (kind === "Secret" && name ? [name] : []));
  for (const name of [...tokens, "kubeadm-certs"])
    await kubectl.delete({ apiVersion: "v1", kind: "Secret", namespace, name });
}
