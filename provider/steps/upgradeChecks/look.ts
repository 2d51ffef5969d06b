// Looks at a living cluster before its upgrade; changes nothing.
import { setTimeout as sleep } from "node:timers/promises";
import type { Kubectl } from "../../host/kubectl";
import { hasReason } from "../../host/kubeErrors";
import type { KubeObject } from "../../host/kubeObject";
import type { LivingControlPlane } from "../../host/reach";
import { minorOf, parseVersion } from "../../kubeadm/versions";
import type { Progress } from "../../lib/progress";
import { lookAtEtcd } from "../etcd/look";
import { type ClusterRecord, readClusterRecord } from "../node/clusterRecord";
import { condition, kubeletVersion } from "../node/nodeState";
import { type Blocker, blockersOf, namespacesAtRisk } from "./budgets";
import { lookAtServers } from "./servers";
import { type ClusterView, isVirtual, type NodeView, type UpgradeWish } from "./view";

/** How long pods that start get until a budget that counts them has to allow something. */
const startingMs = 60_000;
/** How long a control plane's servers get to be well again. */
const restartedMs = 15_000;

export async function lookAtCluster(
  peer: LivingControlPlane,
  record: ClusterRecord,
  wish: UpgradeWish,
  progress: Progress,
): Promise<ClusterView> {
  const { kubectl } = peer;
  progress.say(`asking ${peer.host.label} about the whole cluster before its upgrade to ${wish.to}`);
  const [objects, { servers, etcd }, kubeProxy] = await Promise.all([
    kubectl.list({ type: "nodes" }),
    settledControlPlanes(peer),
    kubeProxyVersion(kubectl),
  ]);
  const nodes = objects.filter((node) => !isVirtual(node)).map((node) => nodeView(node, record));
  const blockers = await settledBlockers(kubectl, drainedNodes(nodes, wish), wish, progress);
  return { nodes, servers, kubeProxy, etcd, blockers };
}

/** A server or a member that was just restarted is well again in a moment; one that is not is told. */
async function settledControlPlanes(peer: LivingControlPlane): Promise<Pick<ClusterView, "servers" | "etcd">> {
  const over = Date.now() + restartedMs;
  for (;;) {
    const [servers, etcd] = await Promise.all([lookAtServers(peer), lookAtEtcd(peer)]);
    const well = servers.every(({ failure }) => failure === undefined) && etcd.healthy.size === etcd.members.length;
    if (well || Date.now() > over) return { servers, etcd };
    await sleep(2000);
  }
}

function nodeView(node: KubeObject, { nodes }: ClusterRecord): NodeView {
  const { name, labels = {} } = node.metadata;
  const ready = condition(node, "Ready");
  const reason = ready?.message ?? ready?.reason ?? "its kubelet has not reported yet";
  const status = node.status as { addresses?: { type: string; address: string }[] } | undefined;
  return {
    name,
    controlPlane: "node-role.kubernetes.io/control-plane" in labels,
    ours: name in nodes && nodes[name]?.role !== "virtual",
    addresses: (status?.addresses ?? []).flatMap(({ type, address }) => (type === "InternalIP" ? [address] : [])),
    kubelet: kubeletVersion(node),
    notReady: ready?.status === "True" ? undefined : reason.replace(/\.$/, ""),
  };
}

/** Workers whose kubelet changes, and control planes where it changes its minor. One that is away has nothing to drain. */
export function drainedNodes(nodes: readonly NodeView[], { to }: UpgradeWish): Set<string> {
  const due = nodes.filter(({ ours, controlPlane, kubelet, notReady }) => {
    if (!ours || notReady !== undefined || kubelet === `v${to}` || !parseVersion(kubelet)) return false;
    return !controlPlane || minorOf(kubelet) !== minorOf(to);
  });
  return new Set(due.map(({ name }) => name));
}

async function kubeProxyVersion(kubectl: Kubectl): Promise<string | undefined> {
  const found = await kubectl.get({ type: "daemonsets", namespace: "kube-system", name: "kube-proxy" });
  const spec = found?.spec as { template?: { spec?: { containers?: { image?: string }[] } } } | undefined;
  const image = spec?.template?.spec?.containers?.[0]?.image ?? "";
  const tag = image.slice(image.lastIndexOf(":") + 1);
  return parseVersion(tag) ? tag : undefined;
}

async function settledBlockers(
  kubectl: Kubectl,
  drained: ReadonlySet<string>,
  { onBlocked }: UpgradeWish,
  progress: Progress,
): Promise<Blocker[]> {
  const over = Date.now() + startingMs;
  for (;;) {
    const blockers = await lookAtBudgets(kubectl, drained);
    const starting = blockers.filter(({ mayPass }) => mayPass);
    if (starting.length === 0 || onBlocked !== "stop" || Date.now() > over) return blockers;
    progress.say(`waiting for pods that start: PodDisruptionBudget ${starting.map(({ budget }) => budget).join(", ")}`);
    await sleep(2000);
  }
}

async function lookAtBudgets(kubectl: Kubectl, drained: ReadonlySet<string>): Promise<Blocker[]> {
  const budgets = await kubectl.list({ type: "poddisruptionbudgets", allNamespaces: true });
  const lists = namespacesAtRisk(budgets).map((namespace) => kubectl.list({ type: "pods", namespace }));
  return blockersOf(budgets, (await Promise.all(lists)).flat(), drained);
}

/** Of this very cluster; undefined when an init of ours was never completed here: then its administrator may not even ask. */
export async function recordOf({ kubectl }: LivingControlPlane, clusterId: string): Promise<ClusterRecord | undefined> {
  try {
    const record = await readClusterRecord(kubectl);
    return record?.clusterId === clusterId ? record : undefined;
  } catch (error) {
    if (hasReason(error, "Forbidden", "Unavailable")) return undefined;
    throw error;
  }
}
