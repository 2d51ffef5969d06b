// The programs of the version that is wanted, before and after they are in their place.
import type { Host } from "../../host/host";
import type { NodePlan } from "../kubeadm/context";
import { findPrograms } from "./switchPrograms";

/** kubeadm of the new version upgrades, while the kubelet that runs is still the old one's. */
export async function newKubeadm(host: Host, { kubernetesVersion }: NodePlan): Promise<string> {
  return (await findPrograms(host, kubernetesVersion)).kubeadm;
}
