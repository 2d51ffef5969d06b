// New certificates of the same names, for as long as the program says; the authorities stay.
import { deadline } from "../../kubeadm/spec";
import { type NodeContext, runDirectory } from "../kubeadm/context";
import { phaseDocuments } from "../kubeadm/documents";
import { runKubeadm } from "../kubeadm/runKubeadm";
import type { Step } from "../step";

const config = `${runDirectory}/renewal.yaml`;

export const renewCertificates: Step<NodeContext> = {
  title: "renew the control plane's certificates",
  run: async ({ host, plan }) => {
    await host.writeFile(config, phaseDocuments(plan), 0o600);
    // Without a configuration it would ask the cluster, which may not answer, and then take kubeadm's own defaults.
    await runKubeadm(host, ["certs", "renew", "all", "--config", config], {
      timeoutMs: deadline(plan.timeouts, "apply"),
    });
    await host.run(["rm", "-f", config]);
  },
};
