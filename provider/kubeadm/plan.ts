// What the documents are made from: a cluster and one of its nodes, as plain data.
import type { Taint } from "./spec";

export type CgroupDriver = "systemd" | "cgroupfs";

export const criSocket = "unix:///run/containerd/containerd.sock";

/** What is the same on every node. */
export interface ClusterPlan {
  clusterName: string;
  kubernetesVersion: string;
  /** "host:port", set even for one host: a cluster without it can never get a second control plane. */
  controlPlaneEndpoint: string;
  podCidr: string;
  serviceCidr: string;
  dnsDomain: string;
  cgroupDriver: CgroupDriver;
  imageRepository?: string | undefined;
  /** Further names and addresses in the API server's certificate. */
  certSANs?: readonly string[] | undefined;
  /** Paths of files on the control planes that the API server sees under the same path. */
  files?: readonly string[] | undefined;
}

export interface NodePlan {
  name: string;
  role: "controlPlane" | "worker";
  /** A control plane that takes ordinary pods: registered without the control-plane taint. */
  schedulable?: boolean | undefined;
  /** The node's address; with dual-stack one of each family, the cluster's first family first. */
  addresses: readonly string[];
  labels?: Readonly<Record<string, string>> | undefined;
  taints?: readonly Taint[] | undefined;
  providerId?: string | undefined;
  kubeletExtraArgs?: Readonly<Record<string, string>> | undefined;
  ignorePreflightErrors?: readonly string[] | undefined;
  /** Directory on the host with kubeadm patches, such as this node's own kubelet settings. */
  patchesDirectory?: string | undefined;
}

export interface InitOptions {
  skipPhases?: readonly string[];
  /** Secret. With it (and phase upload-certs) further control planes can fetch the certificates. */
  certificateKey?: string;
}

export interface JoinOptions {
  /** Path on the host of the discovery kubeconfig; it holds the CA and the token. */
  discoveryFile: string;
  /** Secret; control planes only. */
  certificateKey?: string;
  skipPhases?: readonly string[];
}
