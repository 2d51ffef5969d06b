// kubeadm's own upgrade of this host: `apply` once for the cluster, `node` for everybody else.
import { skipsPhase } from "../../kubeadm/configuration";
import { deadline, type KubeadmDocuments } from "../../kubeadm/spec";
import { writeShared } from "../kubeadm/applied";
import type { NodePlan } from "../kubeadm/context";
import { runKubeadm } from "../kubeadm/runKubeadm";
import type { Step } from "../step";
import type { UpgradeContext } from "./context";
import { applyDue, kubeadmDue } from "./due";
import { newKubeadm } from "./programs";

export const runUpgrade: Step<UpgradeContext> = {
  title: "kubeadm upgrade",
  when: ({ plan, found }) => kubeadmDue(found, plan),
  run: async ({ host, kubectl, plan, found, progress }) => {
    const apply = applyDue(found, plan);
    const what = apply ? ["apply", `v${plan.kubernetesVersion}`, "--yes"] : ["node"];
    const program = await newKubeadm(host, plan);
    // kubeadm gives each of the control plane's four pods five minutes of its own.
    const timeoutMs = 4 * deadline(plan.timeouts, "init");
    await runKubeadm(host, ["upgrade", ...what, ...upgradeFlags(plan)], { program, timeoutMs, progress });
    if (apply) await writeShared(kubectl, { upgrade: `v${plan.kubernetesVersion}` });
    // Its copies of the manifests and of etcd's data: another one with every upgrade, and a snapshot was taken before.
    await host.sh("rm -rf /etc/kubernetes/tmp/kubeadm-backup-* /etc/kubernetes/tmp/kubeadm-upgraded-*");
  },
};

/** kube-proxy follows when every API server is of the new version, in one roll with its configuration. */
export function upgradeFlags({ role, kubeadm, preflightIgnore = [] }: NodePlan): string[] {
  const skipped = ["addon/kube-proxy", ...(skipsPhase(kubeadm, "addon/coredns") ? ["addon/coredns"] : [])];
  const patches = patchesOf(kubeadm, role);
  return [
    ...(role === "controlPlane" ? [`--skip-phases=${skipped.join(",")}`] : []),
    ...(preflightIgnore.length > 0 ? [`--ignore-preflight-errors=${preflightIgnore.join(",")}`] : []),
    ...(patches === undefined ? [] : [`--patches=${patches}`]),
  ];
}

/** kubeadm remembers no patches: without them a node would lose at its upgrade what they gave it. */
function patchesOf(documents: KubeadmDocuments | undefined, role: NodePlan["role"]): string | undefined {
  const { initConfiguration, joinConfiguration } = documents ?? {};
  const document = role === "worker" ? joinConfiguration : (initConfiguration ?? joinConfiguration);
  const directory = (document?.patches as { directory?: unknown } | undefined)?.directory;
  return typeof directory === "string" ? directory : undefined;
}
