// What etcd and the API servers say of themselves, seen from one control plane that lives.
import type { KubeObject } from "../../host/kubeObject";
import type { LivingControlPlane } from "../../host/reach";
import { withPort } from "../../lib/endpoint";
import { etcdctl } from "./client";
import { type EndpointStatus, type EtcdMember, parseAlarms, parseHealth, parseMembers, parseStatus } from "./members";

export interface EtcdView {
  members: EtcdMember[];
  /** Ids of members that answer, and through which the whole of etcd agrees. */
  healthy: ReadonlySet<string>;
  status: EndpointStatus[];
  alarms: { memberId: string; alarm: string }[];
}

export interface ControlPlaneNode {
  name: string;
  addresses: string[];
  /** Why its API server does not count as healthy; undefined when it does. */
  sick: string | undefined;
}

const patience = ["--dial-timeout=2s", "--command-timeout=5s"];
/** Exit code 1: at least one did not answer; the list says which did. */
const some = { ok: [0, 1] };

export async function listMembers({ host }: LivingControlPlane): Promise<EtcdMember[]> {
  return parseMembers((await etcdctl(host, ["member", "list", "-w", "json"])).stdout);
}

export async function endpointStatus({ host }: LivingControlPlane): Promise<EndpointStatus[]> {
  const { stdout } = await etcdctl(host, [...patience, "endpoint", "status", "--cluster", "-w", "json"], some);
  return parseStatus(jsonLine(stdout));
}

export async function lookAtEtcd(peer: LivingControlPlane): Promise<EtcdView> {
  const { host } = peer;
  const [members, health, status, alarms] = await Promise.all([
    listMembers(peer),
    etcdctl(host, [...patience, "endpoint", "health", "--cluster", "-w", "json"], some),
    endpointStatus(peer),
    etcdctl(host, ["alarm", "list"]),
  ]);
  const answering = parseHealth(jsonLine(health.stdout));
  const healthy = members.filter(({ clientUrls }) => clientUrls.some((url) => answering.has(url))).map(({ id }) => id);
  return {
    members,
    healthy: new Set(healthy),
    status,
    alarms: parseAlarms(alarms.stdout),
  };
}

/** The control planes by their Nodes, and whether each one's own API server answers. */
export async function lookAtControlPlanes(
  { kubectl, host }: LivingControlPlane,
  except: readonly string[],
): Promise<ControlPlaneNode[]> {
  const [nodes, pods] = await Promise.all([
    kubectl.list({ type: "nodes", labels: "node-role.kubernetes.io/control-plane" }),
    kubectl.list({ type: "pods", namespace: "kube-system", labels: "component=kube-apiserver,tier=control-plane" }),
  ]);
  const endpoints = new Map(nodes.map((node) => [node.metadata.name, apiEndpoint(node, pods)]));
  const asked = [...endpoints].filter(([name]) => !except.includes(name));
  const answers = await readiness(
    host,
    asked.map(([, endpoint]) => endpoint),
  );
  return nodes.map((node) => {
    const { name } = node.metadata;
    const answer = answers.get(endpoints.get(name) ?? "");
    return { name, addresses: addressesOf(node), sick: except.includes(name) ? undefined : answer };
  });
}

const readyScript = `
for server in "$@"; do
  (
    answer=$(kubectl --kubeconfig /etc/kubernetes/admin.conf --cache-dir /run/pulumi-kubeadm/kubectl \\
      --server "https://$server" --request-timeout 5s get --raw /readyz 2>&1) || true
    printf '%s %s\\n' "$server" "$(printf '%s' "$answer" | tail -n 1 | cut -c1-500)"
  ) &
done
wait
`;

/** By endpoint: why it is not ready. Each is asked by its own address: the cluster's endpoint may be answered by any of them. */
async function readiness(
  host: LivingControlPlane["host"],
  endpoints: readonly string[],
): Promise<Map<string, string | undefined>> {
  const { stdout } = await host.sh(readyScript, endpoints, { timeoutMs: 30_000 });
  const lines = stdout.split("\n").filter((line) => line !== "");
  return new Map(
    lines.map((line) => {
      const [endpoint = "", ...said] = line.split(" ");
      const answer = said.join(" ");
      return [endpoint, answer === "ok" ? undefined : why(answer)];
    }),
  );
}

/** Of a server that answers, the checks that fail; of one that does not, what kubectl says. */
function why(answer: string): string {
  const failing = [...answer.matchAll(/\[-\]([\w/-]+)/g)].map(([, check]) => check);
  return failing.length > 0 ? `failing: ${failing.join(", ")}` : answer || "no answer";
}

const advertised = "kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint";

function apiEndpoint(node: KubeObject, pods: readonly KubeObject[]): string {
  const { name } = node.metadata;
  const own = pods.find(({ metadata }) => metadata.name === `kube-apiserver-${name}`);
  const address = addressesOf(node)[0] ?? name;
  return own?.metadata.annotations?.[advertised] ?? withPort(address);
}

function addressesOf(node: KubeObject): string[] {
  const status = node.status as { addresses?: { type: string; address: string }[] } | undefined;
  return (status?.addresses ?? []).flatMap(({ type, address }) => (type === "InternalIP" ? [address] : []));
}

/** Warnings may stand before the answer. */
function jsonLine(text: string): string {
  return text.split("\n").find((line) => line.startsWith("[")) ?? "";
}
