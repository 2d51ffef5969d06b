// The first control plane. CoreDNS waits for the CNI: a sandbox made before it is retried by the kubelet only after 12 s.
import { deadline } from "../../kubeadm/spec";
import type { Step } from "../step";
import { type NodeContext, runDirectory } from "./context";
import { initDocuments } from "./documents";
import { runKubeadm } from "./runKubeadm";

export const initConfigPath = `${runDirectory}/init.yaml`;

export const initCluster: Step<NodeContext> = {
  title: "kubeadm init",
  run: async ({ host, plan, progress }) => {
    await host.writeFile(initConfigPath, initDocuments(plan), 0o600);
    const argv = ["init", "--config", initConfigPath, "--skip-token-print"];
    await runKubeadm(host, argv, { timeoutMs: deadline(plan.timeouts, "init"), progress });
  },
};
