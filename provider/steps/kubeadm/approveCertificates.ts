// The kubelet's serving certificate, without which logs and exec fail; proven by the certificate on the host.
import { setTimeout as sleep } from "node:timers/promises";
import { deadline } from "../../kubeadm/spec";
import { UserError } from "../../lib/errors";
import { approveNow } from "../node/approver/install";
import type { Step } from "../step";
import type { ClusterContext } from "./context";
import { clusterWide } from "./documents";

const certificate = "/var/lib/kubelet/pki/kubelet-server-current.pem";

export const approveCertificates: Step<ClusterContext> = {
  title: "approve the kubelet's serving certificate",
  when: ({ plan }) => clusterWide(plan).kubeletConfiguration.serverTLSBootstrap !== false,
  run: async ({ host, approver, plan }) => {
    const over = Date.now() + deadline(plan.timeouts, "command");
    for (;;) {
      const said = await approveNow(approver);
      const { code } = await host.run(["test", "-s", certificate], { ok: [0, 1] });
      if (code === 0) return;
      if (Date.now() > over)
        throw new UserError(
          `${host.label}: the kubelet has no serving certificate${said === "" ? "" : `; the approver on ${approver.label}: ${said}`}`,
          "`kubectl get csr` shows what waits; a request is approved only for the names and addresses the program gave the node",
        );
      await sleep(500);
    }
  },
};
