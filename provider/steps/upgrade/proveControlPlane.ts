// The control plane of the new version runs on this host: its pods, its own API server's word, its member of etcd.
import type { Host } from "../../host/host";
import type { Kubectl } from "../../host/kubectl";
import { hasReason } from "../../host/kubeErrors";
import type { KubeObject } from "../../host/kubeObject";
import { deadline } from "../../kubeadm/spec";
import { components } from "../kubeadm/staticPods";
import { condition, podTrouble } from "../node/nodeState";
import type { Step } from "../step";
import type { UpgradeContext } from "./context";
import { ownApi } from "./ownApi";
import { until } from "./until";

export const proveControlPlane: Step<UpgradeContext> = {
  title: "prove the control plane",
  when: ({ plan }) => plan.role === "controlPlane",
  run: async ({ host, kubectl, plan, progress }) => {
    const { name, kubernetesVersion, timeouts } = plan;
    const waiting = { what: host.label, timeoutMs: deadline(timeouts, "ready"), progress };
    await until(waiting, async () => {
      const [pods, api, etcd] = await Promise.all([podsOf(kubectl, name), ownApi(host), etcdHealth(host, name)]);
      const late = components.map((component) => podMissing(pods, `${component}-${name}`, `v${kubernetesVersion}`));
      return [...late, podMissing(pods, `etcd-${name}`), api, etcd].filter((reason) => reason !== undefined);
    });
  },
};

/**
 * As the new kubelet itself has them: it starts them anew when it is of another minor, and only its own probes tell that this is over.
 * The processes alone would be proven too early, the mirrors in the API too late.
 */
async function podsOf(kubectl: Kubectl, node: string): Promise<KubeObject[]> {
  try {
    const list = (await kubectl.raw(`/api/v1/nodes/${node}/proxy/pods`)) as { items?: KubeObject[] };
    return (list.items ?? []).filter(({ metadata }) => metadata.namespace === "kube-system");
  } catch (error) {
    // A kubelet that just started has no door yet, nor has an API server.
    if (hasReason(error, "Forbidden", "Unavailable", "NotFound", "InternalError", "BadRequest")) return [];
    throw error;
  }
}

export function podMissing(pods: readonly KubeObject[], name: string, version?: string): string | undefined {
  const pod = pods.find(({ metadata }) => metadata.name === name);
  if (!pod) return `${name} does not run yet`;
  const image = (pod.spec as { containers?: { image?: string }[] } | undefined)?.containers?.[0]?.image ?? "";
  if (version !== undefined && !image.endsWith(`:${version}`)) return `${name} still runs ${image}`;
  return condition(pod, "Ready")?.status === "True" ? undefined : `${name} is not ready: ${podTrouble(pod)}`;
}

const tls = "--cacert=/etc/kubernetes/pki/etcd/ca.crt --cert=/etc/kubernetes/pki/etcd/server.crt";
const health = `
kubectl --kubeconfig /etc/kubernetes/admin.conf --cache-dir /run/pulumi-kubeadm/kubectl --request-timeout 15s \\
  -n kube-system exec "etcd-$1" -c etcd -- \\
  etcdctl --endpoints=https://127.0.0.1:2379 ${tls} --key=/etc/kubernetes/pki/etcd/server.key endpoint health 2>&1
`;

async function etcdHealth(host: Host, name: string): Promise<string | undefined> {
  const { code, stdout } = await host.sh(health, [name], { ok: [0, 1], timeoutMs: 30_000 });
  return code === 0 ? undefined : `etcd on ${name} is not healthy: ${stdout.trim().split("\n").at(-1) ?? ""}`;
}
