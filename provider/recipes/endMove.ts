// The end of a move to another endpoint: what every node runs follows when the last kubelet is there.
import type { Host } from "../host/host";
import { deadline } from "../kubeadm/spec";
import { readEndpoints, rememberEndpoints } from "../steps/endpoint/clusterEndpoint";
import { leadKubeProxy } from "../steps/endpoint/sharedEndpoint";
import { removeFront } from "../steps/front/remove";
import { networkObjects } from "../steps/kubeadm/applyNetwork";
import type { ClusterContext } from "../steps/kubeadm/context";
import { onPeer } from "./onPeer";

/** After each node's own part: the last node of the program brings what all nodes run, and ends the former virtual address. */
export async function endMove(context: ClusterContext): Promise<void> {
  const { kubectl, approver, plan, progress } = context;
  const { endpoint, name, network, reach, timeouts } = plan;
  const { shared, nodes, frontless } = await readEndpoints(kubectl);
  if (shared === endpoint) return;
  const late = Object.keys(nodes).filter((node) => nodes[node] !== endpoint);
  if (late.length > 0) return progress.say(`${endpoint} is used by ${name}; ${late.join(", ")} still to be moved`);
  progress.say(`leading kube-proxy and the CNI to ${endpoint}`);
  const timeoutMs = deadline(timeouts, "apply");
  if (await leadKubeProxy(kubectl, endpoint)) await rolledOut(approver, "kube-system", "kube-proxy", timeoutMs);
  const objects = networkObjects({ network, endpoint });
  await kubectl.apply(objects, { fieldManager: "pulumi-kubeadm-cni", force: true });
  if (objects.length > 0) await rolledOut(approver, "kube-flannel", "kube-flannel-ds", timeoutMs);
  if (frontless)
    for (const peer of Object.keys(reach))
      await (peer === name ? removeFront(context.host) : onPeer(context, peer, removeFront));
  await rememberEndpoints(kubectl, { shared: endpoint });
}

async function rolledOut(host: Host, namespace: string, daemonSet: string, timeoutMs: number): Promise<void> {
  const kubectl = [
    "kubectl",
    "--kubeconfig",
    "/etc/kubernetes/admin.conf",
    "--cache-dir",
    "/run/pulumi-kubeadm/kubectl",
  ];
  const wait = ["rollout", "status", `daemonset/${daemonSet}`, `--timeout=${Math.round(timeoutMs / 1000)}s`];
  await host.run([...kubectl, "-n", namespace, ...wait], { timeoutMs: timeoutMs + 10_000 });
}
