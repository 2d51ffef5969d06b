// A control plane on an empty host by kubeadm's own phases, around an etcd whose data is there already. Each phase keeps what it finds.
import { runKubeadm } from "../kubeadm/runKubeadm";
import type { Step } from "../step";
import { type RecoverContext, workDirectory } from "./context";

const phases = [
  ["certs", "all"],
  ["kubeconfig", "all"],
  ["etcd", "local"],
  ["control-plane", "all"],
  ["kubelet-start"],
];

export const makeControlPlane: Step<RecoverContext> = {
  title: "make the control plane",
  when: ({ plan }) => plan.rebuild !== undefined,
  run: async ({ host, plan, progress, readyMs }) => {
    const config = `${workDirectory}/kubeadm.yaml`;
    await host.writeFile(config, plan.rebuild ?? "", 0o600);
    for (const phase of phases) {
      progress.say(`kubeadm init phase ${phase.join(" ")} on ${host.label}`);
      await runKubeadm(host, ["init", "phase", ...phase, "--config", config], { timeoutMs: readyMs });
    }
  },
};
