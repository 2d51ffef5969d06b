// kube-vip's static pod on one control plane.
import type { Host } from "../../host/host";
import type { FrontPlan } from "../../kubeadm/front";
import { type KubeVipCredentials, kubeVipManifest, kubeVipManifestPath } from "../../kubeadm/kubeVip";

/** Renamed into the directory: the kubelet reads whatever file it finds there. */
const script = `
umask 077
mkdir -p -m 700 "$(dirname "$1")"
staged=/etc/kubernetes/.kube-vip.yaml
cat >"$staged"
if cmp -s "$staged" "$1"; then rm "$staged"; else mv "$staged" "$1"; fi`;

export async function placeKubeVip(host: Host, plan: FrontPlan, credentials: KubeVipCredentials): Promise<void> {
  const { content } = kubeVipManifest(plan, credentials);
  await host.sh(script, [kubeVipManifestPath], { stdin: content });
}
