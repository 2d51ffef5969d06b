// kube-proxy's own document (kubeproxy.config.k8s.io/v1alpha1), under upstream's names.
// https://kubernetes.io/docs/reference/config-api/kube-proxy-config.v1alpha1/
import type { Open } from "./types";

export interface KubeProxyConfiguration extends Open {
  apiVersion?: string;
  kind?: "KubeProxyConfiguration";
  /** "iptables" (default), "nftables" or "ipvs". */
  mode?: "iptables" | "nftables" | "ipvs" | "";
  bindAddress?: string;
  bindAddressHardFail?: boolean;
  healthzBindAddress?: string;
  metricsBindAddress?: string;
  clusterCIDR?: string;
  hostnameOverride?: string;
  /** Addresses on which node ports answer; "primary" is the node's own. */
  nodePortAddresses?: string[];
  detectLocalMode?: "ClusterCIDR" | "NodeCIDR" | "BridgeInterface" | "InterfaceNamePrefix" | "";
  detectLocal?: Open & { bridgeInterface?: string; interfaceNamePrefix?: string };
  iptables?: Open & {
    masqueradeBit?: number;
    masqueradeAll?: boolean;
    localhostNodePorts?: boolean;
    syncPeriod?: string;
    minSyncPeriod?: string;
  };
  nftables?: Open & { masqueradeBit?: number; masqueradeAll?: boolean; syncPeriod?: string; minSyncPeriod?: string };
  ipvs?: Open & {
    scheduler?: string;
    strictARP?: boolean;
    excludeCIDRs?: string[];
    syncPeriod?: string;
    minSyncPeriod?: string;
    tcpTimeout?: string;
    tcpFinTimeout?: string;
    udpTimeout?: string;
  };
  conntrack?: Open & {
    /** 0 leaves the host's own limit alone. */
    maxPerCore?: number;
    min?: number;
    tcpEstablishedTimeout?: string;
    tcpCloseWaitTimeout?: string;
    tcpBeLiberal?: boolean;
    udpTimeout?: string;
    udpStreamTimeout?: string;
  };
  clientConnection?: Open & { kubeconfig?: string; qps?: number; burst?: number };
  configSyncPeriod?: string;
  oomScoreAdj?: number;
  featureGates?: Record<string, boolean>;
  logging?: Open;
}
