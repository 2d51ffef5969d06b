// The new programs in their place and the kubelet started from them; a report of the new one is the proof, not that systemd started it.
import { deadline } from "../../kubeadm/spec";
import { forgetApplied, readApplied, rememberKubelet } from "../kubeadm/applied";
import { writeKubeletFlags } from "../kubeadm/kubeletState";
import { restartKubelet } from "../kubeadm/restartKubelet";
import type { Step } from "../step";
import type { UpgradeContext } from "./context";
import { kubeletDue } from "./due";
import { switchPrograms } from "./switchPrograms";

export const replaceKubelet: Step<UpgradeContext> = {
  title: "replace the kubelet",
  when: ({ plan, found }) => kubeletDue(found, plan),
  run: async ({ host, kubectl, plan, progress }) => {
    const applied = await readApplied(host);
    // kubeadm has just written the cluster's configuration for it, so this one restart is for both.
    await forgetApplied(host, applied, "kubelet");
    await writeKubeletFlags(host, plan, applied?.flags ?? []);
    await switchPrograms(host, plan.kubernetesVersion);
    const timeoutMs = deadline(plan.timeouts, "ready");
    await restartKubelet({ host, kubectl, node: plan.name, timeoutMs, progress });
    await rememberKubelet(host, plan);
  },
};
