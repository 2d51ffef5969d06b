// kubeadm's documents for a control plane that is made from a backup: the cluster's own, and this node's. Pure.
import { parse } from "yaml";
import { toYaml } from "./configuration";
import { nodeRegistration } from "./nodeRegistration";
import { kubeadmApi } from "./types";
import { normalVersion } from "./versions";

export interface Rebuilt {
  node: string;
  address: string;
  /** Texts of the ConfigMaps kubeadm-config and kubelet-config. */
  clusterConfiguration: string;
  kubeletConfiguration: string | undefined;
}

type Document = Record<string, unknown>;

export function rebuiltDocuments({ node, address, clusterConfiguration, kubeletConfiguration }: Rebuilt): string {
  const init: Document = {
    apiVersion: kubeadmApi,
    kind: "InitConfiguration",
    nodeRegistration: nodeRegistration({ name: node, role: "controlPlane", addresses: [address] }),
    localAPIEndpoint: { advertiseAddress: address },
  };
  const kubelet = kubeletConfiguration === undefined ? [] : [parse(kubeletConfiguration) as Document];
  return toYaml([init, parse(clusterConfiguration) as Document, ...kubelet]);
}

/** Without "v"; what runs after a recovery is what ran before it. */
export function versionIn(clusterConfiguration: string): string {
  const { kubernetesVersion } = parse(clusterConfiguration) as { kubernetesVersion?: unknown };
  if (typeof kubernetesVersion !== "string")
    throw new RangeError("the ClusterConfiguration names no kubernetesVersion");
  return normalVersion(kubernetesVersion);
}
