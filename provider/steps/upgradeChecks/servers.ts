// Every API server by its own address: which version it is, and which deprecated APIs it was asked for.
import type { LivingControlPlane } from "../../host/reach";
import { deprecatedApisMetric, parseDeprecatedApis } from "../../kubeadm/deprecations";
import type { ServerView } from "./view";

const requestSeconds = 10;

// The endpoint of the cluster may be answered by any of them, so each is asked where its pod says it listens.
const script = `
ask() {
  kubectl --kubeconfig /etc/kubernetes/admin.conf --cache-dir /run/pulumi-kubeadm/kubectl \\
    --server "https://$1" --request-timeout ${requestSeconds}s get --raw "$2" 2>&1
}
failed() { printf 'failed %s\\n' "$(printf '%s' "$1" | tail -n 1 | cut -c1-4000)"; }
for server in "$@"; do
  printf 'server %s\\n' "$server"
  if ! said=$(ask "$server" /version); then failed "$said"; continue; fi
  printf '%s\\n' "$said" | sed -n 's/.*"gitVersion": *"\\([^"]*\\)".*/version \\1/p'
  if ! said=$(ask "$server" /readyz); then failed "$said"; fi
  if ! said=$(ask "$server" /metrics); then failed "$said"; continue; fi
  printf '%s\\n' "$said" | grep '^${deprecatedApisMetric}{' || true
done
`;

const advertised = "kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint";

export async function lookAtServers({ kubectl, host }: LivingControlPlane): Promise<ServerView[]> {
  const labels = "component=kube-apiserver,tier=control-plane";
  const pods = await kubectl.list({ type: "pods", namespace: "kube-system", labels });
  const names = new Map(
    pods.flatMap(({ metadata, spec }): [string, string][] => {
      const endpoint = metadata.annotations?.[advertised];
      const node = (spec as { nodeName?: string } | undefined)?.nodeName;
      return endpoint === undefined || node === undefined ? [] : [[endpoint, node]];
    }),
  );
  const endpoints = [...names.keys()];
  const timeoutMs = (endpoints.length * 3 * requestSeconds + 30) * 1000;
  const { stdout } = await host.sh(script, endpoints, { timeoutMs });
  return parseServers(stdout, names);
}

export function parseServers(text: string, names: ReadonlyMap<string, string>): ServerView[] {
  const parts = text.split(/^server /m).slice(1);
  return parts.map((part): ServerView => {
    const [endpoint = "", ...lines] = part.split("\n");
    const after = (word: string): string | undefined =>
      lines.find((line) => line.startsWith(`${word} `))?.slice(word.length + 1);
    return {
      name: names.get(endpoint) ?? endpoint,
      version: after("version"),
      failure: why(after("failed")),
      deprecated: parseDeprecatedApis(part),
    };
  });
}

/** /readyz tells of every check, most of which are well: those that are not say enough. */
function why(said: string | undefined): string | undefined {
  if (said === undefined) return undefined;
  const failing = [...said.matchAll(/\[-\](\S+) failed/g)].map(([, name]) => name);
  return failing.length > 0 ? `/readyz: ${failing.join(", ")} failed` : said.slice(0, 200);
}
