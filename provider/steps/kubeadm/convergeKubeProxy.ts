// kube-proxy's configuration is one for the cluster: the first control plane that sees a difference applies it.
import type { KubeObject } from "../../host/kubeObject";
import { skipsPhase } from "../../kubeadm/configuration";
import { deadline } from "../../kubeadm/spec";
import { realNodes } from "../../kubeadm/virtualKubelet/affinity";
import { virtualType } from "../../kubeadm/virtualKubelet/names";
import { sharedEndpoint } from "../endpoint/clusterEndpoint";
import { condition, podTrouble } from "../node/nodeState";
import type { Step } from "../step";
import { apiServerVersions, behind } from "../upgrade/apiServers";
import { until } from "../upgrade/until";
import { changing, readShared, sharedOf, writeShared } from "./applied";
import { type ClusterContext, runDirectory } from "./context";
import { phaseDocuments } from "./documents";
import { runKubeadm } from "./runKubeadm";

export const convergeKubeProxy: Step<ClusterContext> = {
  title: "converge kube-proxy",
  when: ({ plan }) => !skipsPhase(plan.kubeadm, "addon/kube-proxy"),
  run: async ({ host, kubectl, plan, progress }) => {
    const wanted = sharedOf(plan)["kube-proxy"];
    if ((await readShared(kubectl, "kube-proxy")) === wanted) return;
    await writeShared(kubectl, { "kube-proxy": changing });
    // Amid an upgrade: the last control plane brings it, for it may not be newer than any API server.
    if (behind(await apiServerVersions(kubectl), plan.kubernetesVersion).length > 0) return;
    const config = `${runDirectory}/kube-proxy.yaml`;
    const timeoutMs = deadline(plan.timeouts, "apply");
    // Until the last kubelet has moved to another endpoint.
    const endpoint = await sharedEndpoint(kubectl, plan.endpoint);
    await host.writeFile(config, phaseDocuments({ ...plan, endpoint }), 0o600);
    await runKubeadm(host, ["init", "phase", "addon", "kube-proxy", "--config", config], { timeoutMs });
    // The pods read their configuration only once; a template with its digest is what rolls them.
    const annotations = { [mark]: wanted };
    const updateStrategy = { rollingUpdate: { maxUnavailable: roomFor(await kubectl.list({ type: "nodes" })) } };
    const daemonSet = { type: "daemonsets.v1.apps", namespace: "kube-system", name: "kube-proxy" };
    // kubeadm has just written its own template over the affinity.
    const template = { metadata: { annotations }, spec: { affinity: realNodes } };
    await kubectl.patch(daemonSet, { spec: { updateStrategy, template } });
    await until({ what: "kube-proxy", timeoutMs, progress }, async () => {
      const query = { type: "pods", namespace: "kube-system", labels: "k8s-app=kube-proxy" };
      const [nodes, pods] = await Promise.all([kubectl.list({ type: "nodes" }), kubectl.list(query)]);
      return proxiesMissing(nodes, pods, wanted);
    });
    await writeShared(kubectl, { "kube-proxy": wanted });
  },
};

const mark = "pulumi-kubeadm/configuration";

const isVirtual = ({ metadata }: KubeObject) => metadata.labels?.[virtualType.key] === virtualType.value;

const isReady = (node: KubeObject) => condition(node, "Ready")?.status === "True";

/** A pod on a node that is down never ends, and counts as away: with room for one alone it would hold up all others. */
export function roomFor(nodes: readonly KubeObject[]): number {
  return 1 + nodes.filter((node) => !isReady(node) && !isVirtual(node)).length;
}

/** Ready nodes whose kube-proxy is not of this configuration and ready; on a node that is down nobody can be asked. */
export function proxiesMissing(nodes: readonly KubeObject[], pods: readonly KubeObject[], wanted: string): string[] {
  const ready = nodes.filter((node) => isReady(node) && !isVirtual(node));
  return ready.flatMap(({ metadata: { name } }) => {
    const own = pods.filter((pod) => (pod.spec as { nodeName?: string } | undefined)?.nodeName === name);
    const fresh = own.filter(
      ({ metadata }) => metadata.annotations?.[mark] === wanted && metadata.deletionTimestamp === undefined,
    );
    if (fresh.some((pod) => condition(pod, "Ready")?.status === "True")) return [];
    return [`${name}: ${fresh.length === 0 ? "its pod is not replaced yet" : fresh.map(podTrouble).join("; ")}`];
  });
}
