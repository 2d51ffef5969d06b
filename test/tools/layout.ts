import { versions } from "./versions";

/** Paths below a mirror of upstream's release addresses: the host name is the first part. */
export const layout = {
  kubernetes: (version: string, program: string) => `dl.k8s.io/release/v${version}/bin/linux/amd64/${program}`,
  containerd: () => {
    const dir = `github.com/containerd/containerd/releases/download/v${versions.containerd}`;
    return `${dir}/containerd-${versions.containerd}-linux-amd64.tar.gz`;
  },
  runc: () => `github.com/opencontainers/runc/releases/download/v${versions.runc}/runc.amd64`,
  runcSums: () => `github.com/opencontainers/runc/releases/download/v${versions.runc}/runc.sha256sum`,
  cniPlugins: () => {
    const dir = `github.com/containernetworking/plugins/releases/download/v${versions.cniPlugins}`;
    return `${dir}/cni-plugins-linux-amd64-v${versions.cniPlugins}.tgz`;
  },
  packages: () => `packages/debian/${versions.test.debian.version}/amd64`,
  frontPackages: () => `packages/front/debian/${versions.test.debian.version}/amd64`,
  images: "images/amd64",
} as const;

/** The programs of a Kubernetes version that hosts get. */
export const hostPrograms = ["kubeadm", "kubelet", "kubectl"] as const;
