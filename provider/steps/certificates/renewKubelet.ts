// The kubelet renews its own certificate while the cluster runs; one that was off until its end is given a new one by the authority here.
import { deadline } from "../../kubeadm/spec";
import { type NodeContext, runDirectory } from "../kubeadm/context";
import { phaseDocuments } from "../kubeadm/documents";
import { runKubeadm } from "../kubeadm/runKubeadm";
import type { Step } from "../step";

const config = `${runDirectory}/kubelet-renewal.yaml`;
const conf = "/etc/kubernetes/kubelet.conf";
const current = "/var/lib/kubelet/pki/kubelet-client-current.pem";
const ended = `! openssl x509 -noout -checkend 0 -in ${current} >/dev/null 2>&1`;

export const renewKubelet: Step<NodeContext> = {
  title: "give the kubelet a certificate",
  run: async ({ host, plan }) => {
    const { code } = await host.sh(ended, [], { ok: [0, 1] });
    if (code !== 0) return;
    const timeoutMs = deadline(plan.timeouts, "apply");
    await host.writeFile(config, phaseDocuments(plan), 0o600);
    // Only a file that is not there is made anew, and the former one is needed until then.
    await host.sh(`mv -f ${conf} ${conf}.former; rm -f ${current}`);
    await runKubeadm(host, ["init", "phase", "kubeconfig", "kubelet", "--config", config], { timeoutMs });
    await host.sh(`rm -f ${conf}.former ${config}; systemctl restart kubelet`);
  },
};
