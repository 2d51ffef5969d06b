// One control plane's own way to the API: its administrators' kubeconfigs, and its kubelet's where that does not use the own API server.
import { deadline } from "../../kubeadm/spec";
import { restartKubelet } from "../kubeadm/restartKubelet";
import type { Step } from "../step";
import type { MoveContext } from "./context";
import { adminKubeconfigs, kubeletKubeconfig, leadTo, serverOf } from "./kubeconfigs";
import { proveEndpoint } from "./proveEndpoint";
import { ownServer } from "./reissueServing";

export const proveFromControlPlane: Step<MoveContext> = {
  title: "prove the new endpoint",
  run: ({ host, plan }) => proveEndpoint(host, plan.endpoint, adminKubeconfigs[0], deadline(plan.timeouts, "ready")),
};

export const moveControlPlane: Step<MoveContext> = {
  title: "lead the control plane to the new endpoint",
  run: async ({ host, kubectl, plan, progress }) => {
    for (const path of adminKubeconfigs) await leadTo(host, path, plan.endpoint);
    // kubeadm gives a control plane's kubelet its own API server since 1.33, which is where it stays.
    if ((await serverOf(host, kubeletKubeconfig)) === ownServer(plan)) return;
    if (!(await leadTo(host, kubeletKubeconfig, plan.endpoint))) return;
    await restartKubelet({ host, kubectl, node: plan.name, timeoutMs: deadline(plan.timeouts, "ready"), progress });
  },
};
