// Known troubles of kubeadm and the kubelet: what to look for in their output, and what to do. Pure.

interface Trouble {
  sign: RegExp;
  remedy: string;
}

const troubles: readonly Trouble[] = [
  {
    sign: /kubelet cgroup driver: .* is different from docker cgroup driver|misconfiguration: kubelet cgroup driver|cgroup driver.*(mismatch|different)|expected cgroupsPath to be of format "slice:prefix:name"/i,
    remedy:
      "kubelet and containerd use different cgroup drivers: make `cgroupDriver` of the kubelet and `SystemdCgroup` of containerd agree",
  },
  {
    sign: /kubelet is configured to not run on a host using cgroup v1|failCgroupV1/i,
    remedy:
      "this host has cgroup v1, which kubelet 1.35 and later refuse: set `failCgroupV1: false` in kubeletConfiguration or move to cgroup v2",
  },
  {
    sign: /running with swap on is not supported|ERROR Swap/i,
    remedy: "swap is on: let the preparation turn it off, or set `failSwapOn: false` in kubeletConfiguration",
  },
  {
    sign: /\[ERROR Port-(\d+)\]|bind: address already in use/i,
    remedy: "another program listens on a port Kubernetes needs: `ss -lntp` on the host shows which",
  },
  {
    sign: /ErrImagePull|ImagePullBackOff|failed to pull image|\[ERROR ImagePull\]/i,
    remedy: "an image is missing and cannot be pulled: check `source` and `containerd.registries`",
  },
  {
    sign: /CRI v1 runtime API is not implemented|unknown service runtime\.v1\.|failed to connect to CRI|connect: no such file or directory.*containerd\.sock/i,
    remedy: "containerd does not answer as a container runtime: look at `systemctl status containerd`",
  },
  {
    sign: /could not find a JWS signature|token id ".*" is invalid|Unauthorized/i,
    remedy: "the bootstrap token was not accepted: the clocks of the hosts may differ",
  },
  {
    sign: /x509: certificate has expired or is not yet valid/i,
    remedy: "the clocks of the hosts differ: let a time service set them",
  },
  {
    sign: /x509: certificate signed by unknown authority/i,
    remedy: "another cluster answers at the endpoint: check `endpoint`",
  },
  {
    sign: /(no route to host|i\/o timeout|connection refused|context deadline exceeded)/i,
    remedy: "the host does not reach the API server at the endpoint: check routes and firewalls between the hosts",
  },
];

/** What to do about it, when it is a known trouble. */
export function remedyFor(output: string): string | undefined {
  return troubles.find((trouble) => trouble.sign.test(output))?.remedy;
}
