import type { Input } from "@pulumi/pulumi";
import type {
  ClusterConfiguration,
  InitConfiguration,
  JoinConfiguration,
  KubeletConfiguration,
  KubeProxyConfiguration,
} from "../../provider/kubeadm/types";
import type { ConnectionArgs, TimeoutsArgs } from "./connection";
import type { ControlPlaneArgs, DrainArgs, NodeArgs, PreflightArgs } from "./node";
import type { ContainerdArgs, NetworkArgs, SourceArgs } from "./runtime";

/** Where clients find the API. Default: the first control plane's address, for the cluster's whole life. */
export interface EndpointArgs {
  /** A name or address that leads to the control planes: a load balancer, a DNS name. */
  host: Input<string>;
  /** Default: 6443. */
  port?: Input<number>;
}

/** A file on every control plane. */
export interface FileArgs {
  /** The text; kept as a secret. */
  content: Input<string>;
  /** Octal. Default: "0600". */
  mode?: Input<string>;
}

/** kubeadm's own documents, merged over what is generated: maps key by key, lists as a whole, `extraArgs` by name; null takes a key out. */
export interface KubeadmArgs {
  /** Upstream: https://kubernetes.io/docs/reference/config-api/kubeadm-config.v1beta4/#kubeadm-k8s-io-v1beta4-ClusterConfiguration */
  clusterConfiguration?: Input<ClusterConfiguration>;
  /** Upstream: https://kubernetes.io/docs/reference/config-api/kubeadm-config.v1beta4/#kubeadm-k8s-io-v1beta4-InitConfiguration */
  initConfiguration?: Input<InitConfiguration>;
  /** Upstream: https://kubernetes.io/docs/reference/config-api/kubeadm-config.v1beta4/#kubeadm-k8s-io-v1beta4-JoinConfiguration */
  joinConfiguration?: Input<JoinConfiguration>;
  /** Upstream: https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/ */
  kubeletConfiguration?: Input<KubeletConfiguration>;
  /** Upstream: https://kubernetes.io/docs/reference/config-api/kube-proxy-config.v1alpha1/ */
  kubeProxyConfiguration?: Input<KubeProxyConfiguration>;
}

/** Arguments of a {@link K8sCluster}. */
export interface K8sClusterArgs {
  /**
   * Exact version of Kubernetes, without "v". Changing it is refused for now.
   * @example "1.34.4"
   */
  kubernetesVersion: Input<string>;
  /** Defaults for every node's `connection`, field by field. */
  connection?: ConnectionArgs;
  /**
   * The control planes by name: an odd number, at least one. The key is the node's name in Kubernetes; the first key at the time the
   * cluster is made runs `kubeadm init`. A plain map with plain keys; keys that look like integers are refused.
   * @example { cp1: { connection: { host: "10.0.0.11" } } }
   */
  controlPlanes: Record<string, ControlPlaneArgs>;
  /** The workers by name. Default: none. */
  workers?: Record<string, NodeArgs>;
  /** Where clients find the API. Default: the address of the first control plane at the time the cluster is made, port 6443. */
  endpoint?: EndpointArgs;
  /** Pods, services and CNI. Default: Flannel, see {@link NetworkArgs}. */
  network?: NetworkArgs;
  /** Where programs and images come from. Default: `{ download: {} }`. */
  source?: SourceArgs;
  /** The container runtime on every host. */
  containerd?: ContainerdArgs;
  /** Whatever kubeadm, kubelet or kube-proxy can be told beyond the fields here. */
  kubeadm?: KubeadmArgs;
  /** Files on every control plane by absolute path, e.g. an audit policy; a change restarts what reads them, one host at a time. */
  files?: Record<string, FileArgs>;
  /** Checks to waive on every host. */
  preflight?: PreflightArgs;
  /** How pods leave a node that is removed. */
  drain?: DrainArgs;
  /** What becomes of a node whose host does not answer when it is to be removed, see {@link NodeArgs.onUnreachable}. */
  onUnreachable?: Input<"stop" | "remove">;
  /** Deadlines. */
  timeouts?: TimeoutsArgs;
}
