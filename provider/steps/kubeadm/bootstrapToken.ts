// A bootstrap token that lives as long as one join: made on a living control plane, deleted there whatever happens.
import type { Host } from "../../host/host";
import type { Kubectl } from "../../host/kubectl";
import type { Identity, KubeObject } from "../../host/kubeObject";
import { messageOf, UserError } from "../../lib/errors";
import type { Progress } from "../../lib/progress";
import { runKubeadm } from "./runKubeadm";

export interface TokenSource {
  host: Host;
  kubectl: Kubectl;
}

export async function withBootstrapToken<T>(
  peer: TokenSource,
  node: string,
  progress: Progress,
  use: (token: string) => Promise<T>,
): Promise<T> {
  const token = await mint(peer.host, node);
  const forget = () => peer.kubectl.delete(tokenSecret(token));
  return finallyDo(
    () => use(token),
    forget,
    (error) =>
      progress.warn(
        `${peer.host.label}: the bootstrap token for ${node} could not be deleted and ends in ten minutes: ${error}`,
      ),
  );
}

async function mint(host: Host, node: string): Promise<string> {
  const argv = ["token", "create", "--ttl", "10m", "--description", descriptionFor(node)];
  const { stdout } = await runKubeadm(host, argv, { timeoutMs: 60_000, secretOutput: true });
  const token = /^[a-z0-9]{6}\.[a-z0-9]{16}$/m.exec(stdout)?.[0];
  if (!token) throw new UserError(`${host.label}: \`kubeadm token create\` gave no token`);
  return token;
}

const descriptionFor = (node: string) => `pulumi-kubeadm: join of ${node}`;

/** Those that a killed join of this node left; each would let anybody who saw it join for up to ten minutes. */
export async function forgetTokensOf(kubectl: Kubectl, node: string): Promise<void> {
  const described = Buffer.from(descriptionFor(node)).toString("base64");
  await forgetTokens(
    kubectl,
    ({ data }) => (data as Record<string, string> | undefined)?.["description"] === described,
  );
}

export async function forgetTokens(
  kubectl: Kubectl,
  which: (secret: KubeObject) => boolean = () => true,
): Promise<void> {
  const query = { type: "secrets", namespace: "kube-system", fields: "type=bootstrap.kubernetes.io/token" };
  for (const secret of (await kubectl.list(query)).filter(which))
    await kubectl.delete({ apiVersion: "v1", kind: "Secret", namespace: "kube-system", name: secret.metadata.name });
}

function tokenSecret(token: string): Identity {
  return { apiVersion: "v1", kind: "Secret", namespace: "kube-system", name: `bootstrap-token-${token.slice(0, 6)}` };
}

/** The clean-up always runs; its failure is a warning and never hides the work's own. */
export async function finallyDo<T>(
  work: () => Promise<T>,
  cleanUp: () => Promise<unknown>,
  failed: (error: string) => void,
): Promise<T> {
  try {
    return await work();
  } finally {
    await cleanUp().catch((error: unknown) => failed(messageOf(error)));
  }
}
