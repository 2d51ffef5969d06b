// What the facts script asks for: features, programs, units, files and packages.
import { operatingSystems } from "./os/os";

/** How each feature shows: a path, its module, and a symbol for kernels that have it built in and tell nobody else. */
export const features = [
  ["overlay", "/sys/module/overlay", "overlay", "ovl_fill_super"],
  ["br_netfilter", "/proc/sys/net/bridge", "br_netfilter", "br_nf_pre_routing"],
  ["nf_conntrack", "/proc/sys/net/netfilter", "nf_conntrack", "nf_conntrack_in"],
  ["nf_tables", "/sys/module/nf_tables", "nf_tables", "nf_tables_newtable"],
  ["ip_tables", "/sys/module/ip_tables", "ip_tables", "ipt_do_table"],
  ["vxlan", "/sys/module/vxlan", "vxlan", "vxlan_xmit"],
] as const;
export type KernelFeature = (typeof features)[number][0];

export const programs = [
  ["ip", ""],
  ["iptables", "--version"],
  ["nft", "--version"],
  ["conntrack", ""],
  ["containerd", "--version"],
  ["runc", "--version"],
  ["dockerd", "--version"],
  ["crio", "--version"],
  ["kubeadm", "version -o short"],
  ["kubelet", "--version"],
  ["kubectl", ""],
  ["crictl", ""],
  ["ufw", ""],
  ["firewall-cmd", ""],
  ["sudo", ""],
  ["k3s", ""],
  ["rke2", ""],
] as const;

export const units = [
  "kubelet",
  "containerd",
  "docker",
  "crio",
  "firewalld",
  "k3s",
  "k3s-agent",
  "rke2-server",
  "rke2-agent",
];

/** Where a node's data goes; where a path is not there yet, the file system it would be on counts. */
export const diskPaths = [
  "/usr/local",
  "/var/lib",
  "/var/lib/containerd",
  "/var/lib/kubelet",
  "/var/lib/etcd",
] as const;

export const kubernetesPaths = [
  "/etc/kubernetes/admin.conf",
  "/etc/kubernetes/kubelet.conf",
  "/etc/kubernetes/bootstrap-kubelet.conf",
  "/etc/kubernetes/controller-manager.conf",
  "/etc/kubernetes/scheduler.conf",
  "/etc/kubernetes/pki/ca.crt",
  "/etc/kubernetes/manifests/kube-apiserver.yaml",
  "/etc/kubernetes/manifests/kube-controller-manager.yaml",
  "/etc/kubernetes/manifests/kube-scheduler.yaml",
  "/etc/kubernetes/manifests/etcd.yaml",
  "/var/lib/etcd/member",
  "/var/lib/kubelet/config.yaml",
  "/etc/rancher/k3s",
  "/etc/rancher/rke2",
  "/var/lib/k0s",
];

export const packageNames = [
  ...new Set(
    operatingSystems.flatMap((os) => [
      ...os.requiredPackages({ id: "", version: "99", like: [], codename: "", pretty: "" }),
      ...os.frontPackages,
      ...os.runtimePackages,
      ...["runc", "kubernetes-cni", "containernetworking-plugins", "cri-tools", "kubeadm", "kubelet", "kubectl"],
    ]),
  ),
];
