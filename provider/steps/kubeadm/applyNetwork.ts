// The CNI is part of bringing up the first control plane; a changed one is applied over the old, one that was taken out is deleted.
import type { KubeObject } from "../../host/kubeObject";
import { flannelManifests } from "../../kubeadm/flannel";
import { sharedEndpoint } from "../endpoint/clusterEndpoint";
import type { Step } from "../step";
import { readShared, writeShared } from "./applied";
import type { ClusterContext, NodePlan } from "./context";

export const applyNetwork: Step<ClusterContext> = {
  title: "apply the CNI",
  run: async ({ kubectl, plan }) => {
    // Until the last kubelet has moved to another endpoint.
    const endpoint = await sharedEndpoint(kubectl, plan.endpoint);
    const objects = networkObjects({ ...plan, endpoint });
    if (objects.length > 0) {
      await kubectl.apply(objects, { fieldManager: "pulumi-kubeadm-cni", force: true });
      return;
    }
    if ((await readShared(kubectl, "network")) !== "flannel") return;
    const ours = networkObjects({ ...plan, network: { ...plan.network, cni: { flannel: {} } } });
    for (const { apiVersion, kind, metadata } of ours.reverse()) {
      const { name, namespace } = metadata;
      await kubectl.delete({ apiVersion, kind, name, ...(namespace ? { namespace } : {}) });
    }
    await writeShared(kubectl, { network: "none" });
  },
};

export function networkObjects({
  network: { cni, podCidr },
  endpoint,
}: Pick<NodePlan, "network" | "endpoint">): KubeObject[] {
  if (cni === "none") return [];
  return flannelManifests({ podCidr, cni, apiEndpoint: endpoint }) as unknown as KubeObject[];
}
