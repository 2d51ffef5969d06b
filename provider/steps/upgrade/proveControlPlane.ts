// The control plane of the new version runs on this host: its pods, its own API server's word, its member of etcd.
import type { Host } from "../../host/host";
import { deadline } from "../../kubeadm/spec";
import { proveStaticPods } from "../kubeadm/staticPods";
import type { Step } from "../step";
import type { UpgradeContext } from "./context";
import { manifestVersions } from "./found";
import { ownApi } from "./ownApi";
import { until } from "./until";

export const proveControlPlane: Step<UpgradeContext> = {
  title: "prove the control plane",
  when: ({ plan }) => plan.role === "controlPlane",
  run: async ({ host, plan, progress }) => {
    const { name, kubernetesVersion, timeouts } = plan;
    const timeoutMs = deadline(timeouts, "ready");
    await proveStaticPods({ host, node: name, timeoutMs, progress });
    await until({ what: host.label, timeoutMs, progress }, async () => {
      const [versions, api, etcd] = await Promise.all([manifestVersions(host), ownApi(host), etcdHealth(host, name)]);
      const old = versions.filter((version) => version !== `v${kubernetesVersion}`);
      const late = old.length > 0 ? `a static pod is still ${old.join(", ")}` : undefined;
      return [late, api, etcd].filter((reason) => reason !== undefined);
    });
  },
};

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
