// What hosts need that are containers on one machine instead of machines: nothing here is for yours.
import type * as kubeadm from "pulumi-kubeadm";

export const containerHosts: Pick<kubeadm.K8sClusterArgs, "containerd" | "kubeadm" | "preflight"> = {
  // Without CAP_SYS_RESOURCE runc may not lower its own OOM score, and pods would not start.
  containerd: {
    config: { plugins: { "io.containerd.cri.v1.runtime": { restrict_oom_score_adj: true } } },
  },
  kubeadm: {
    kubeletConfiguration: {
      // The machine below may have cgroup v1 alone, and each host sees only its own part of it.
      cgroupDriver: "cgroupfs",
      failCgroupV1: false,
      failSwapOn: false,
      // The machine's disk is everybody's: how full it is says nothing about a host, and no image is removed for it.
      imageGCHighThresholdPercent: 100,
      evictionHard: { "imagefs.available": "2%", "nodefs.available": "2%", "memory.available": "100Mi" },
    },
    // nf_conntrack_max belongs to the machine and cannot be written from inside.
    kubeProxyConfiguration: { conntrack: { maxPerCore: 0 } },
  },
  // The machine's kernel, memory and processors are shared; its kernel configuration is not to be read inside.
  preflight: {
    ignore: ["SystemVerification", "NumCPU", "Mem", "Swap", "FileContent--proc-sys-net-bridge-bridge-nf-call-iptables"],
  },
};
