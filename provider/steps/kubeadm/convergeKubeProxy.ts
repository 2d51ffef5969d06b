// kube-proxy's configuration is one for the cluster: the first control plane that sees a difference applies it.
import { skipsPhase } from "../../kubeadm/configuration";
import { deadline } from "../../kubeadm/spec";
import type { Step } from "../step";
import { apiServerVersions, behind } from "../upgrade/apiServers";
import { changing, readShared, sharedOf, writeShared } from "./applied";
import { type ClusterContext, runDirectory } from "./context";
import { phaseDocuments } from "./documents";
import { runKubeadm } from "./runKubeadm";

export const convergeKubeProxy: Step<ClusterContext> = {
  title: "converge kube-proxy",
  when: ({ plan }) => !skipsPhase(plan.kubeadm, "addon/kube-proxy"),
  run: async ({ host, kubectl, plan }) => {
    const wanted = sharedOf(plan)["kube-proxy"];
    if ((await readShared(kubectl, "kube-proxy")) === wanted) return;
    await writeShared(kubectl, { "kube-proxy": changing });
    // Amid an upgrade: the last control plane brings it, for it may not be newer than any API server.
    if (behind(await apiServerVersions(kubectl), plan.kubernetesVersion).length > 0) return;
    const config = `${runDirectory}/kube-proxy.yaml`;
    const timeoutMs = deadline(plan.timeouts, "apply");
    await host.writeFile(config, phaseDocuments(plan), 0o600);
    await runKubeadm(host, ["init", "phase", "addon", "kube-proxy", "--config", config], { timeoutMs });
    // The pods read their configuration only once; a template with its digest is what rolls them.
    const annotations = { "pulumi-kubeadm/configuration": wanted };
    const daemonSet = { type: "daemonsets.v1.apps", namespace: "kube-system", name: "kube-proxy" };
    await kubectl.patch(daemonSet, { spec: { template: { metadata: { annotations } } } });
    // A node that is down does not hold this up for ever: the deadline says which pods are missing.
    await host.run([...rollout, `--timeout=${Math.round(timeoutMs / 1000)}s`], { timeoutMs: timeoutMs + 10_000 });
    await writeShared(kubectl, { "kube-proxy": wanted });
  },
};

const rollout = [
  ...["kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf", "--cache-dir", "/run/pulumi-kubeadm/kubectl"],
  ...["-n", "kube-system", "rollout", "status", "daemonset/kube-proxy"],
];
