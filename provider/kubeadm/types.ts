// kubeadm's own documents (kubeadm.k8s.io/v1beta4), under upstream's names.
// https://kubernetes.io/docs/reference/config-api/kubeadm-config.v1beta4/
import type { KubeletConfiguration } from "./kubeletConfiguration";
import type { KubeProxyConfiguration } from "./kubeProxyConfiguration";

export type { KubeletConfiguration } from "./kubeletConfiguration";
export type { KubeProxyConfiguration } from "./kubeProxyConfiguration";

/**
 * Any part of a document, as a user writes it over the generated one. Maps are merged, lists replaced; lists of
 * `{ name, … }` (`extraArgs`, `extraVolumes`, `extraEnvs`) are merged by name. `null` takes out what would be generated.
 */
export type Overlay<T> = T extends readonly (infer E)[]
  ? Overlay<E>[]
  : T extends object
    ? { [K in keyof T]?: Overlay<T[K]> | null }
    : T;

/** Fields that upstream has or gets and that are not written down here are passed on as they are. */
export interface Open {
  [field: string]: unknown;
}

export const kubeadmApi = "kubeadm.k8s.io/v1beta4";
export const kubeletApi = "kubelet.config.k8s.io/v1beta1";
export const kubeProxyApi = "kubeproxy.config.k8s.io/v1alpha1";

/** A flag of a component: `{ name: "audit-log-maxage", value: "7" }`. A name may be repeated. */
export interface Arg {
  /** Without the leading dashes. */
  name: string;
  value: string;
}

/** A directory or file of the host, seen by a static pod. */
export interface HostPathMount extends Open {
  /** Of the volume in the pod. */
  name: string;
  hostPath: string;
  mountPath: string;
  readOnly?: boolean;
  /** "File", "DirectoryOrCreate" and the like; see hostPath volumes. */
  pathType?: string;
}

export interface EnvVar extends Open {
  name: string;
  value?: string;
}

/** What holds for kube-apiserver, kube-controller-manager and kube-scheduler. */
export interface ControlPlaneComponent extends Open {
  extraArgs?: Arg[];
  extraVolumes?: HostPathMount[];
  extraEnvs?: EnvVar[];
}

export interface ApiServer extends ControlPlaneComponent {
  /** Further names and addresses in the API server's certificate. */
  certSANs?: string[];
}

/** Another image than upstream's. */
export interface ImageMeta extends Open {
  imageRepository?: string;
  imageTag?: string;
}

export interface Dns extends ImageMeta {
  /** CoreDNS is not installed. */
  disabled?: boolean;
}

export interface LocalEtcd extends ImageMeta {
  /** Default "/var/lib/etcd". */
  dataDir?: string;
  extraArgs?: Arg[];
  extraEnvs?: EnvVar[];
  serverCertSANs?: string[];
  peerCertSANs?: string[];
}

export interface Etcd extends Open {
  /** Stacked: a member on every control plane. */
  local?: LocalEtcd;
}

/** Cluster-wide settings. The version, endpoint and networks come from the program's own arguments. */
export interface ClusterConfiguration extends Open {
  apiVersion?: string;
  kind?: "ClusterConfiguration";
  clusterName?: string;
  kubernetesVersion?: string;
  controlPlaneEndpoint?: string;
  networking?: Open & { podSubnet?: string; serviceSubnet?: string; dnsDomain?: string };
  etcd?: Etcd;
  apiServer?: ApiServer;
  controllerManager?: ControlPlaneComponent;
  scheduler?: ControlPlaneComponent;
  dns?: Dns;
  /** kube-proxy is not installed. */
  proxy?: Open & { disabled?: boolean };
  /** Default "registry.k8s.io". */
  imageRepository?: string;
  featureGates?: Record<string, boolean>;
  /** Of keys and certificates: "RSA-2048" (default), "RSA-3072", "RSA-4096", "ECDSA-P256", "ECDSA-P384". */
  encryptionAlgorithm?: string;
  /** Of certificates but the authorities', such as "8760h". */
  certificateValidityPeriod?: string;
  caCertificateValidityPeriod?: string;
}

/** A taint on a Node. */
export interface NodeTaint {
  key: string;
  value?: string;
  effect: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
}

/** How the kubelet registers its Node. */
export interface NodeRegistration extends Open {
  name?: string;
  criSocket?: string;
  /** Present and empty on a control plane: no taint. */
  taints?: NodeTaint[];
  /** Flags of this node's kubelet. */
  kubeletExtraArgs?: Arg[];
  ignorePreflightErrors?: string[];
  imagePullPolicy?: "Always" | "IfNotPresent" | "Never";
  imagePullSerial?: boolean;
}

/** Where this host's API server listens. */
export interface ApiEndpoint extends Open {
  advertiseAddress?: string;
  /** Default 6443. */
  bindPort?: number;
}

/** Deadlines inside kubeadm, as Go durations ("4m0s"). */
export interface KubeadmTimeouts extends Open {
  controlPlaneComponentHealthCheck?: string;
  kubeletHealthCheck?: string;
  kubernetesAPICall?: string;
  etcdAPICall?: string;
  tlsBootstrap?: string;
  discovery?: string;
  upgradeManifests?: string;
}

/** What init, join and reset have in common. */
interface RunOptions extends Open {
  apiVersion?: string;
  skipPhases?: string[];
  timeouts?: KubeadmTimeouts;
}

/** Settings of `kubeadm init` on the first control plane. */
export interface InitConfiguration extends RunOptions {
  kind?: "InitConfiguration";
  bootstrapTokens?: (Open & { token?: string; ttl?: string; usages?: string[]; groups?: string[] })[];
  nodeRegistration?: NodeRegistration;
  localAPIEndpoint?: ApiEndpoint;
  certificateKey?: string;
  /** A directory on the host with files such as "kube-apiserver0+merge.yaml". */
  patches?: Open & { directory?: string };
}

/** How a joining host comes to trust the cluster. */
export interface Discovery extends Open {
  /** A kubeconfig with the cluster's CA in it. */
  file?: { kubeConfigPath: string };
  bootstrapToken?: Open & { token?: string; apiServerEndpoint?: string; caCertHashes?: string[] };
  tlsBootstrapToken?: string;
}

/** Settings of `kubeadm join`, of workers and of further control planes. */
export interface JoinConfiguration extends RunOptions {
  kind?: "JoinConfiguration";
  nodeRegistration?: NodeRegistration;
  caCertPath?: string;
  discovery?: Discovery;
  /** Present: the host becomes a control plane. */
  controlPlane?: Open & { localAPIEndpoint?: ApiEndpoint; certificateKey?: string };
  patches?: Open & { directory?: string };
}

/** Settings of `kubeadm reset`. */
export interface ResetConfiguration extends RunOptions {
  kind?: "ResetConfiguration";
  certificatesDir?: string;
  cleanupTmpDir?: boolean;
  criSocket?: string;
  force?: boolean;
  ignorePreflightErrors?: string[];
  unmountFlags?: string[];
}

/** What a program writes under `kubeadm`, merged over what is generated. */
export interface KubeadmOverlays {
  /** @example { apiServer: { extraArgs: [{ name: "audit-log-maxage", value: "7" }] } } */
  clusterConfiguration?: Overlay<ClusterConfiguration>;
  initConfiguration?: Overlay<InitConfiguration>;
  joinConfiguration?: Overlay<JoinConfiguration>;
  /** @example { maxPods: 200, systemReserved: { memory: "1Gi" } } */
  kubeletConfiguration?: Overlay<KubeletConfiguration>;
  /** @example { mode: "nftables" } */
  kubeProxyConfiguration?: Overlay<KubeProxyConfiguration>;
}
