// What runs on every node finds the API at the former endpoint until the last kubelet has moved: kube-proxy and the CNI.
import type { Kubectl } from "../../host/kubectl";
import { withServer } from "./clusterEndpoint";

const configMap = { type: "configmaps", namespace: "kube-system", name: "kube-proxy" };
const daemonSet = { type: "daemonsets.v1.apps", namespace: "kube-system", name: "kube-proxy" };
const file = "kubeconfig.conf";

/** False where the cluster has no kube-proxy of kubeadm's. Its pods read their configuration only once: the template's mark rolls them. */
export async function leadKubeProxy(kubectl: Kubectl, endpoint: string): Promise<boolean> {
  const text = ((await kubectl.get(configMap))?.data as Record<string, string> | undefined)?.[file];
  if (text === undefined) return false;
  await kubectl.patch(configMap, { data: { [file]: withServer(text, endpoint) } });
  const annotations = { "pulumi-kubeadm/endpoint": endpoint };
  await kubectl.patch(daemonSet, { spec: { template: { metadata: { annotations } } } });
  return true;
}
