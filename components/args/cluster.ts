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
import type { VirtualKubeletEntryArgs } from "./virtualKubelet";

/**
 * Where clients find the API: `host` for what is there already (a load balancer, a name), or `virtualIp` for an address that the
 * control planes hold themselves. Changing it moves the whole cluster in place; the old address works until the last node has moved.
 */
export interface EndpointArgs {
  /**
   * A name or address that leads to the control planes: a load balancer, a DNS name.
   * @example "api.prod.example"
   */
  host?: Input<string>;
  /** Port at `host`. Default: 6443. */
  port?: Input<number>;
  /** An address that always lies on a control plane whose API server answers. Not together with `host`. */
  virtualIp?: VirtualIpArgs;
}

/**
 * A virtual address of the API. Default: keepalived (unicast VRRP) moves it and haproxy on every control plane spreads the
 * connections over all API servers.
 * Upstream: https://github.com/kubernetes/kubeadm/blob/main/docs/ha-considerations.md
 * @example { address: "10.0.0.10" }
 */
export interface VirtualIpArgs {
  /** A free address in the control planes' network. The preflight refuses one that somebody answers at. */
  address: Input<string>;
  /** Where clients connect. Default: 8443 (haproxy); with kube-vip 6443, which is the API server's own port and cannot be another. */
  port?: Input<number>;
  /** What holds the address. A plain value. Default: "keepalived". */
  by?: "keepalived" | "kube-vip";
  /** Distinguishes clusters in one network; 1 to 255. Only keepalived. Default: 51. */
  virtualRouterId?: Input<number>;
  /** The network interface, the same on every control plane. Default: the one that holds the node's address. */
  interface?: Input<string>;
  /** Image of kube-vip with its tag. Default: the one this release was made for. */
  image?: Input<string>;
}

/** How an upgrade goes over the workers. Control planes always go one by one. */
export interface UpgradeArgs {
  /**
   * Workers that may be away at the same time: a number, or a percentage of all workers, rounded down and at least 1. A worker that is
   * not Ready uses one up. Default: 1.
   * @example "20%"
   */
  maxUnavailable?: Input<number | string>;
}

/** The control planes' certificates, which kubeadm issues for a year. */
export interface CertificatesArgs {
  /** Days before their end at which `pulumi up` renews them; below their validity. Default: 30. */
  renewBefore?: Input<number>;
}

/**
 * Backups of etcd with the cluster's PKI and encryption configuration, taken on a control plane before each change of one, readable by
 * root only. `npx pulumi-kubeadm recover` makes a cluster of one again.
 */
export interface BackupArgs {
  /** How many are kept on each control plane; 1 to 100. Default: 5. */
  keep?: Input<number>;
  /** Directory on the machine that runs Pulumi, for an encrypted copy of each. Needs `passphrase`. Default: no copy. */
  copyTo?: Input<string>;
  /** Encrypts the copies. Always kept as a secret; whoever loses it has lost the copies. */
  passphrase?: Input<string>;
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
   * Exact version of Kubernetes, without "v". A later one upgrades the cluster, one minor at a time: control planes one by one in the
   * order of their map, then the workers as `upgrade` says. Skipped minors and downgrades are refused at preview.
   * Upstream: https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/kubeadm-upgrade/
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
  /**
   * Virtual nodes by name: devices by SSH or a serial line, edge machines' container runtimes, other clusters, simulated ones.
   * Default: none.
   * @example { "press-7": { runsOn: "w1", provider: { serial: { device: "/dev/ttyUSB0" } }, capacity: { cpu: "1", memory: "64Mi", pods: 2 } } }
   */
  virtualKubelets?: Record<string, VirtualKubeletEntryArgs>;
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
  onUnreachable?: Input<"stop" | "remove" | "force">;
  /** How an upgrade goes. */
  upgrade?: UpgradeArgs;
  /** When certificates are renewed. */
  certificates?: CertificatesArgs;
  /** Backups before each change of a control plane. Default: the last 5 on each, no copies. */
  backup?: BackupArgs;
  /** Deadlines. */
  timeouts?: TimeoutsArgs;
}
