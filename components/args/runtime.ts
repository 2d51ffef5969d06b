import type { Input } from "@pulumi/pulumi";

/** Where programs and images come from; exactly one of the two. */
export interface SourceArgs {
  /** Upstream's release addresses, or a mirror with the same layout. This is the default. */
  download?: {
    /**
     * Base address under which the mirror holds `<upstream host>/<upstream path>`.
     * @example "https://mirror.example/k8s" for https://mirror.example/k8s/dl.k8s.io/release/v1.34.4/bin/linux/amd64/kubeadm
     */
    mirror?: Input<string>;
  };
  /** Refused for now: the distribution's repositories and the Kubernetes community's (pkgs.k8s.io), as they are configured on the host. */
  packages?: Record<string, never>;
  /** A directory made by `npx pulumi-kubeadm bundle`, for hosts with no way out. */
  bundle?: {
    /** The directory, on the machine that runs Pulumi. */
    path: Input<string>;
    /** Name of a node of the cluster that gets the bundle over SSH and hands it to the others; a plain value. Default: each host gets it over SSH. */
    via?: string;
  };
}

/** How containerd reaches one registry. Upstream: https://github.com/containerd/containerd/blob/main/docs/hosts.md */
export interface RegistryArgs {
  /** Addresses tried in this order before the registry itself. */
  mirrors?: Input<Input<string>[]>;
  /** User for pulling. */
  username?: Input<string>;
  /** Password or token for pulling. Always kept as a secret. */
  password?: Input<string>;
  /** Certificate authority that signed the registry's certificate, PEM. */
  ca?: Input<string>;
  /** Client certificate, PEM. */
  clientCertificate?: Input<string>;
  /** Key of the client certificate, PEM. Always kept as a secret. */
  clientKey?: Input<string>;
  /** Accept any certificate. Default: false. */
  skipVerify?: Input<boolean>;
}

/** The container runtime. */
export interface ContainerdArgs {
  /** Exact version of containerd. Default: the one this release was tested with. */
  version?: Input<string>;
  /** Exact version of runc. Default: the one this release was tested with. */
  runcVersion?: Input<string>;
  /** Exact version of the CNI plugins. Default: the one this release was tested with. */
  cniPluginsVersion?: Input<string>;
  /** A runtime that is already there is kept as it is ("keep", the default) or replaced ("reinstall"). */
  existing?: Input<"keep" | "reinstall">;
  /** Mirrors, credentials and CAs by registry. @example { "registry.k8s.io": { mirrors: ["https://mirror.example:5000"] } } */
  registries?: Record<string, RegistryArgs>;
  /** The pause image. Default: the one kubeadm names for this Kubernetes version. */
  sandboxImage?: Input<string>;
  /**
   * Merged over the generated config.toml, as the object that TOML describes.
   * Upstream: https://github.com/containerd/containerd/blob/main/docs/cri/config.md
   * @example { plugins: { "io.containerd.grpc.v1.cri": { restrict_oom_score_adj: true } } }
   */
  config?: Input<Record<string, unknown>>;
}

/** The network that pods and services live in. Nothing here but the CNI's details can change once the cluster is made. */
export interface NetworkArgs {
  /** Addresses of the pods; for dual-stack IPv4 and IPv6, separated by a comma. Default: "10.244.0.0/16". */
  podCidr?: Input<string>;
  /** Addresses of the services; for dual-stack IPv4 and IPv6, separated by a comma. Default: "10.96.0.0/16". */
  serviceCidr?: Input<string>;
  /** The cluster's DNS domain. Default: "cluster.local". */
  dnsDomain?: Input<string>;
  /** The CNI that is installed with the first control plane. Default: `{ flannel: {} }`; "none": you bring one as an Addon. */
  cni?: { flannel: FlannelArgs } | "none";
}

/** Flannel. Upstream: https://github.com/flannel-io/flannel/blob/master/Documentation/configuration.md */
export interface FlannelArgs {
  /** Exact version. Default: the one this release was tested with. */
  version?: Input<string>;
  /** How packets travel between hosts. Default: "vxlan". */
  backend?: Input<"vxlan" | "host-gw">;
  /** Image without tag, e.g. of a private registry. Default: "ghcr.io/flannel-io/flannel". */
  image?: Input<string>;
  /** Image of the CNI plugin's installer, without tag. Default: "ghcr.io/flannel-io/flannel-cni-plugin". */
  pluginImage?: Input<string>;
}
