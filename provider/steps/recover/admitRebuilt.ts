// The cluster is told of the machine that its control plane is on now: the approver trusts its address, and its name is let in.
import { runKubeadm } from "../kubeadm/runKubeadm";
import { approveNow, installApprover } from "../node/approver/install";
import { recordNode } from "../node/clusterRecord";
import { admitMachine } from "../node/removedNames";
import type { Step } from "../step";
import { ownServer, type RecoverContext, workDirectory } from "./context";

export const admitRebuilt: Step<RecoverContext> = {
  title: "record the control plane's new machine",
  when: ({ plan }) => plan.rebuild !== undefined,
  run: async ({ host, kubectl, plan, machineId, readyMs }) => {
    await recordNode(kubectl, plan.node, { addresses: [plan.address], machineId, role: "control-plane" });
    await admitMachine(kubectl, plan.node, machineId);
    // Nobody else is left to approve its kubelet's serving certificate; its timer takes what comes later.
    await installApprover(host);
    // Nobody holds a virtual address before the next `up`.
    await approveNow(host, ownServer(plan));
    // From here on the kubelet renews its own certificate.
    const argv = ["init", "phase", "kubelet-finalize", "all", "--config", `${workDirectory}/kubeadm.yaml`];
    await runKubeadm(host, argv, { timeoutMs: readyMs });
  },
};
