// What Kubernetes, its CNI and its runtime leave on a host beside what the preparation put there.

/** Trees they make; what was in one before the host was claimed stays. */
export const clusterTrees = [
  "/etc/kubernetes",
  "/etc/cni",
  "/var/lib/kubelet",
  "/var/lib/etcd",
  "/var/lib/cni",
  "/var/lib/kube-proxy",
  "/var/log/pods",
  "/var/log/containers",
  "/run/flannel",
  "/run/cilium-cni",
  "/usr/libexec/kubernetes",
  "/root/.kube",
  "/opt/cni",
] as const;

/** Made for mounts; removed only where they were missing before and are still empty. */
export const mountPoints = ["/lib/modules", "/run/netns", "/run/xtables.lock"] as const;

/** Trees of a runtime we installed, removed whole where they were missing before; of a kept runtime they are never touched. */
export const runtimeTrees = [
  "/etc/containerd",
  "/var/lib/containerd",
  "/run/containerd",
  "/run/nri",
  "/run/runc",
  "/opt/containerd",
  "/var/lib/nerdctl",
] as const;

/** Of images that we keep from being cleaned away; a kept runtime's have been without it. */
export const pinLabel = "pulumi-kubeadm.pinned";

/** Links that a bridge CNI and Flannel make. */
export const clusterLinks = ["cni0", "flannel.1", "flannel-v6.1", "kube-ipvs0", "nodelocaldns"] as const;

/** Chains and sets by which kubelet, kube-proxy, Flannel and the CNI plugins are known. */
export const chainPattern = /^(KUBE-|FLANNEL-|CNI-)/;

/** Tables of kube-proxy's, Flannel's and the CNI plugins' nftables modes. */
export const nftTables = [
  "kube-proxy",
  "flannel-ipv4",
  "flannel-ipv6",
  "cni_hostport",
  "cni_plugins_masquerade",
] as const;

/**
 * Keys below /proc/sys that kubelet, kube-proxy and CNI plugins set, and those the kernel changes along with them:
 * switching forwarding on or off resets the redirects of every interface.
 */
export const touchedSysctls = [
  "net/ipv[46]/conf/*/forwarding",
  "net/ipv[46]/conf/*/accept_redirects",
  "net/ipv[46]/conf/*/accept_ra",
  "net/ipv4/conf/*/route_localnet",
  "net/ipv4/conf/*/rp_filter",
  "net/ipv4/conf/*/arp_ignore",
  "net/ipv4/conf/*/arp_announce",
  "net/ipv4/conf/*/send_redirects",
  "net/ipv4/conf/*/secure_redirects",
  "net/ipv4/ip_forward",
  "net/ipv4/vs/*",
  "net/bridge/bridge-nf-*",
  "net/netfilter/nf_conntrack_*",
  "vm/overcommit_memory",
  "vm/panic_on_oom",
  "kernel/panic",
  "kernel/panic_on_oops",
  "kernel/keys/root_maxkeys",
  "kernel/keys/root_maxbytes",
] as const;

/** Reset by the kernel's own counting, not by anybody. */
export const volatileSysctls = ["nf_conntrack_count"] as const;
