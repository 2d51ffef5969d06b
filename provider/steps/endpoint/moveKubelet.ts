// A worker's kubelet on its way to another endpoint: proven from there first, put back where it cannot report.
import type { Host } from "../../host/host";
import { deadline } from "../../kubeadm/spec";
import { UserError } from "../../lib/errors";
import type { ClusterContext, NodePlan } from "../kubeadm/context";
import { restartKubelet } from "../kubeadm/restartKubelet";
import type { Step } from "../step";
import { clusterEndpoint } from "./clusterEndpoint";
import { kubeletKubeconfig, leadTo, serverOf } from "./kubeconfigs";
import { proveEndpoint } from "./proveEndpoint";

/** Whether the kubelet has to be led elsewhere, which restarts it. */
export async function kubeletMoveDue(host: Host, { endpoint }: Pick<NodePlan, "endpoint">): Promise<boolean> {
  const server = await serverOf(host, kubeletKubeconfig);
  return server !== undefined && server !== endpoint;
}

export const moveKubelet: Step<ClusterContext> = {
  title: "lead the kubelet to the API's endpoint",
  when: ({ plan }) => plan.role === "worker",
  run: async ({ host, kubectl, plan, progress }) => {
    const { endpoint, name, timeouts } = plan;
    const former = await serverOf(host, kubeletKubeconfig);
    if (former === undefined || former === endpoint) return;
    const cluster = await clusterEndpoint(kubectl);
    if (cluster !== endpoint)
      throw new UserError(
        `${host.label}: the control planes are still at ${cluster}, so its kubelet is not led to ${endpoint}`,
        "bring the control planes there first: run `pulumi up` without a target",
      );
    await proveEndpoint(host, endpoint, kubeletKubeconfig, deadline(timeouts, "ready"));
    await leadTo(host, kubeletKubeconfig, endpoint);
    const restart = { host, kubectl, node: name, timeoutMs: deadline(timeouts, "ready"), progress };
    try {
      await restartKubelet(restart);
    } catch (error) {
      await leadTo(host, kubeletKubeconfig, former);
      await host.run(["systemctl", "restart", "kubelet"]);
      throw error;
    }
  },
};
