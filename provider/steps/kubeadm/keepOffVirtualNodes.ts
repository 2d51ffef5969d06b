// kubeadm's init has made kube-proxy without it; done before its first pod has much to lose.
import { skipsPhase } from "../../kubeadm/configuration";
import type { Step } from "../step";
import { keepProxyOff } from "../virtualKubelet/keepProxyOff";
import type { ClusterContext } from "./context";

export const keepOffVirtualNodes: Step<ClusterContext> = {
  title: "keep kube-proxy off virtual nodes",
  when: ({ plan }) => !skipsPhase(plan.kubeadm, "addon/kube-proxy"),
  run: ({ kubectl }) => keepProxyOff(kubectl),
};
