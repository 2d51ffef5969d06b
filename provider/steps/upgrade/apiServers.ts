// Which version each API server of the cluster is, as it says itself.
import type { Kubectl } from "../../host/kubectl";
import { hasReason } from "../../host/kubeErrors";
import type { KubeObject } from "../../host/kubeObject";
import { parseVersion } from "../../kubeadm/versions";
import { RefusedError } from "../../lib/errors";

export interface ApiServer {
  node: string;
  /** With "v". */
  version: string;
}

const endpointAnnotation = "kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint";

export async function apiServerVersions(kubectl: Kubectl): Promise<ApiServer[]> {
  const query = { type: "pods", namespace: "kube-system", labels: "component=kube-apiserver,tier=control-plane" };
  return Promise.all((await kubectl.list(query)).map((pod) => versionOf(kubectl, pod)));
}

/** One that does not answer will come back as what its pod was last. */
async function versionOf(kubectl: Kubectl, pod: KubeObject): Promise<ApiServer> {
  const spec = pod.spec as { nodeName?: string; containers?: { image?: string }[] } | undefined;
  const node = spec?.nodeName ?? pod.metadata.name;
  const image = spec?.containers?.[0]?.image ?? "";
  const endpoint = pod.metadata.annotations?.[endpointAnnotation];
  const version = endpoint === undefined ? undefined : await asked(kubectl, endpoint);
  return { node, version: version ?? image.slice(image.lastIndexOf(":") + 1) };
}

async function asked(kubectl: Kubectl, endpoint: string): Promise<string | undefined> {
  try {
    const argv = ["--server", `https://${endpoint}`, "--request-timeout=5s", "get", "--raw", "/version"];
    const text = await kubectl.command(argv, { what: `ask ${endpoint} for its version`, repeatable: false });
    return (JSON.parse(text) as { gitVersion?: string }).gitVersion;
  } catch (error) {
    if (hasReason(error, "Unavailable")) return undefined;
    throw error;
  }
}

/** Those older than this version. */
export function behind(servers: readonly ApiServer[], kubernetesVersion: string): ApiServer[] {
  const wanted = parseVersion(kubernetesVersion);
  return servers.filter(({ version }) => {
    const found = parseVersion(version);
    return wanted !== undefined && found !== undefined && found.compare(wanted) < 0;
  });
}

/** No kubelet is ever ahead of an API server: it would speak to one that does not know what it says. */
export async function refuseAhead(kubectl: Kubectl, name: string, kubernetesVersion: string): Promise<void> {
  const late = behind(await apiServerVersions(kubectl), kubernetesVersion);
  if (late.length === 0) return;
  const list = late.map(({ node, version }) => `${node} (${version})`).join(", ");
  throw new RefusedError(
    `${name} cannot become v${kubernetesVersion}: API servers are behind: ${list}; a node is never newer than any of them`,
    "upgrade these control planes first: run without `--target`, and name a new control plane after those that are there",
  );
}
