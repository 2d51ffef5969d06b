// CoreDNS comes when pods can have a network; what is there already is the user's to change and stays.
import { skipsPhase } from "../../kubeadm/configuration";
import { deadline } from "../../kubeadm/spec";
import type { Step } from "../step";
import { type ClusterContext, runDirectory } from "./context";
import { phaseDocuments } from "./documents";
import { runKubeadm } from "./runKubeadm";

export const applyCoreDns: Step<ClusterContext> = {
  title: "apply CoreDNS",
  when: ({ plan }) => !skipsPhase(plan.kubeadm, "addon/coredns"),
  run: async ({ host, kubectl, plan }) => {
    if (await kubectl.get({ type: "Deployment.v1.apps", namespace: "kube-system", name: "coredns" })) return;
    const config = `${runDirectory}/coredns.yaml`;
    await host.writeFile(config, phaseDocuments(plan), 0o600);
    await runKubeadm(host, ["init", "phase", "addon", "coredns", "--config", config], {
      timeoutMs: deadline(plan.timeouts, "apply"),
    });
  },
};
