// The kubelet's own document (kubelet.config.k8s.io/v1beta1), under upstream's names.
// https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/
import type { Open } from "./types";

/** A quantity by its kind: `{ cpu: "500m", memory: "1Gi" }`. */
type Quantities = Record<string, string>;

/** Durations are Go's: "10s", "5m0s". Quantities are Kubernetes': "500m", "1Gi", "10%". */
export interface KubeletConfiguration extends Open {
  apiVersion?: string;
  kind?: "KubeletConfiguration";

  /** "systemd" or "cgroupfs"; the container runtime is configured to match. */
  cgroupDriver?: "systemd" | "cgroupfs";
  cgroupRoot?: string;
  cgroupsPerQOS?: boolean;
  /** Kubernetes 1.35 and later refuse cgroup v1 unless this is false. */
  failCgroupV1?: boolean;
  /** False lets the kubelet run on a host with swap. */
  failSwapOn?: boolean;
  memorySwap?: Open & { swapBehavior?: "NoSwap" | "LimitedSwap" };

  /** Pods a node takes at most. Default 110. */
  maxPods?: number;
  podsPerCore?: number;
  /** Processes in one pod. Default -1: as the host allows. */
  podPidsLimit?: number;

  /** Kept from pods for the system's own services. */
  systemReserved?: Quantities;
  systemReservedCgroup?: string;
  /** Kept from pods for kubelet and container runtime. */
  kubeReserved?: Quantities;
  kubeReservedCgroup?: string;
  enforceNodeAllocatable?: string[];
  reservedSystemCPUs?: string;
  reservedMemory?: (Open & { numaNode?: number; limits?: Quantities })[];

  /** @example { "memory.available": "200Mi", "nodefs.available": "10%" } */
  evictionHard?: Quantities;
  evictionSoft?: Quantities;
  evictionSoftGracePeriod?: Record<string, string>;
  evictionMinimumReclaim?: Quantities;
  evictionPressureTransitionPeriod?: string;
  evictionMaxPodGracePeriod?: number;
  mergeDefaultEvictionSettings?: boolean;

  cpuManagerPolicy?: string;
  cpuManagerPolicyOptions?: Record<string, string>;
  cpuManagerReconcilePeriod?: string;
  cpuCFSQuota?: boolean;
  cpuCFSQuotaPeriod?: string;
  memoryManagerPolicy?: string;
  topologyManagerPolicy?: string;
  topologyManagerScope?: string;
  topologyManagerPolicyOptions?: Record<string, string>;

  imageGCHighThresholdPercent?: number;
  imageGCLowThresholdPercent?: number;
  imageMinimumGCAge?: string;
  imageMaximumGCAge?: string;
  serializeImagePulls?: boolean;
  maxParallelImagePulls?: number;
  registryPullQPS?: number;
  registryBurst?: number;

  containerLogMaxSize?: string;
  containerLogMaxFiles?: number;
  containerLogMaxWorkers?: number;
  containerLogMonitorInterval?: string;
  podLogsDir?: string;
  logging?: Open;

  /** Serving certificates come from the cluster and are approved for the program's nodes. Default true here. */
  serverTLSBootstrap?: boolean;
  rotateCertificates?: boolean;
  tlsCipherSuites?: string[];
  tlsMinVersion?: string;
  authentication?: Open;
  authorization?: Open;
  readOnlyPort?: number;

  nodeStatusUpdateFrequency?: string;
  nodeStatusReportFrequency?: string;
  nodeLeaseDurationSeconds?: number;
  syncFrequency?: string;
  shutdownGracePeriod?: string;
  shutdownGracePeriodCriticalPods?: string;
  shutdownGracePeriodByPodPriority?: (Open & { priority?: number; shutdownGracePeriodSeconds?: number })[];
  crashLoopBackOff?: Open & { maxContainerRestartPeriod?: string };

  clusterDomain?: string;
  clusterDNS?: string[];
  /** The resolv.conf that pods with `dnsPolicy: Default` see. */
  resolvConf?: string;
  hairpinMode?: string;
  makeIPTablesUtilChains?: boolean;

  allowedUnsafeSysctls?: string[];
  protectKernelDefaults?: boolean;
  seccompDefault?: boolean;
  kubeAPIQPS?: number;
  kubeAPIBurst?: number;
  eventRecordQPS?: number;
  eventBurst?: number;
  volumePluginDir?: string;
  localStorageCapacityIsolation?: boolean;
  featureGates?: Record<string, boolean>;
  tracing?: Open;
}
