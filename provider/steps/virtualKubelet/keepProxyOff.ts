// kube-proxy tolerates every taint, and a virtual node has no network for it to set up: an affinity keeps it off.
import { isDeepStrictEqual } from "node:util";
import type { Kubectl } from "../../host/kubectl";
import type { KubeObject } from "../../host/kubeObject";
import { realNodes } from "../../kubeadm/virtualKubelet/affinity";

const daemonSet = { type: "daemonsets.v1.apps", namespace: "kube-system", name: "kube-proxy" };

/** Where there is no kube-proxy, nothing is to be done. */
export async function keepProxyOff(kubectl: Kubectl): Promise<void> {
  const found = await kubectl.get(daemonSet);
  if (!found || isDeepStrictEqual(affinityOf(found), realNodes)) return;
  await kubectl.patch(daemonSet, { spec: { template: { spec: { affinity: realNodes } } } });
}

function affinityOf({ spec }: KubeObject): unknown {
  return (spec as { template?: { spec?: { affinity?: unknown } } } | undefined)?.template?.spec?.affinity;
}
