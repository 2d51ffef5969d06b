// The kubelet's configuration from the cluster and its flags from the program; restarted only when they differ.
import type { Host } from "../../host/host";
import type { Kubectl } from "../../host/kubectl";
import { deadline } from "../../kubeadm/spec";
import type { Step } from "../step";
import { type Applied, appliedOf, forgetApplied, readApplied } from "./applied";
import type { ClusterContext, NodePlan } from "./context";
import { kubeletDrifted, writeKubeletFlags } from "./kubeletState";
import { restartKubelet } from "./restartKubelet";
import { runKubeadm } from "./runKubeadm";

export const convergeKubelet: Step<ClusterContext> = {
  title: "converge the kubelet's configuration",
  run: async ({ host, kubectl, plan, progress }) => {
    const applied = await readApplied(host);
    if (!(await kubeletChangeDue(host, plan, applied))) return ensureRegistered(host, kubectl, plan.name);
    progress.say(`writing the kubelet's configuration on ${host.label}`);
    await forgetApplied(host, applied, "kubelet");
    // From the ConfigMap, which the control planes brought up to date before: the same on every node.
    await runKubeadm(host, ["upgrade", "node", "phase", "kubelet-config"], {
      timeoutMs: deadline(plan.timeouts, "apply"),
    });
    await writeKubeletFlags(host, plan, applied?.flags ?? []);
    await restartKubelet({ host, kubectl, node: plan.name, timeoutMs: deadline(plan.timeouts, "ready"), progress });
  },
};

/** Whether this kubelet has to be given its configuration, which restarts it. */
export async function kubeletChangeDue(host: Host, plan: NodePlan, applied: Applied | undefined): Promise<boolean> {
  return applied?.kubelet !== appliedOf(plan).kubelet || (await kubeletDrifted(host, plan));
}

/** A kubelet registers its node when it starts and never again, so a Node that was deleted needs a new start. */
async function ensureRegistered(host: Host, kubectl: Kubectl, node: string): Promise<void> {
  const registered = (await kubectl.get({ type: "nodes", name: node })) !== undefined;
  await host.sh(
    registered ? "systemctl is-active --quiet kubelet || systemctl restart kubelet" : "systemctl restart kubelet",
  );
}
