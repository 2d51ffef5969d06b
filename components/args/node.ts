import type { Input } from "@pulumi/pulumi";
import type { JoinConfiguration } from "../../provider/kubeadm/types";
import type { K8sCluster } from "../cluster";
import type { ConnectionArgs, TimeoutsArgs } from "./connection";
import type { ContainerdArgs } from "./runtime";

/** A taint. Upstream: https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/ */
export interface TaintArgs {
  /** @example "dedicated" */
  key: Input<string>;
  /** Default: none. */
  value?: Input<string>;
  effect: Input<"NoSchedule" | "PreferNoSchedule" | "NoExecute">;
}

/** How pods leave a node that is removed. */
export interface DrainArgs {
  /**
   * What happens where a disruption budget blocks: "stop" (default) ends with an error that names the budget, "force" deletes
   * the pod at the deadline, "skip" leaves it. `KUBEADM_DRAIN_ON_BLOCKED` overrides it for one run.
   */
  onBlocked?: Input<"stop" | "force" | "skip">;
  /** Seconds a pod gets to end; wins over its own. Default: the pod's own. */
  gracePeriod?: Input<number>;
}

/** Checks made before anything changes. */
export interface PreflightArgs {
  /**
   * Names of checks to waive; they reach kubeadm's `--ignore-preflight-errors` too.
   * @example ["NumCPU", "SystemVerification"]
   */
  ignore?: Input<Input<string>[]>;
}

/** What every node has, in a map of a cluster or declared by itself. What the cluster sets too is taken from the node first. */
export interface NodeArgs {
  /** How the host is reached; what is not given comes from the cluster's `connection`, field by field. */
  connection?: ConnectionArgs;
  /** The node's address: advertise address, node IP, the CNI's interface. Default: `connection.host` if the host owns it, else the address of its default route. */
  address?: Input<string>;
  /** Name that the host is given. Default: the host keeps its own. */
  hostname?: Input<string>;
  /** Labels, owned key by key: one taken out of the program leaves the node, those of others stay. */
  labels?: Input<Record<string, Input<string>>>;
  /** Taints, owned by key and effect like labels. */
  taints?: Input<Input<TaintArgs>[]>;
  /** Annotations, owned key by key. */
  annotations?: Input<Record<string, Input<string>>>;
  /** `spec.providerID` of the Node, set when it joins. Default: none. */
  providerId?: Input<string>;
  /** Extra arguments of the kubelet, by name without dashes. Upstream: https://kubernetes.io/docs/reference/command-line-tools-reference/kubelet/ */
  kubeletExtraArgs?: Input<Record<string, Input<string>>>;
  /** Swap on the host: "refuse" (default) stops at the preflight, "off" turns it off and back on when the node leaves, "allow" leaves it on. */
  swap?: Input<"refuse" | "off" | "allow">;
  /** The container runtime on this host; replaces the cluster's as a whole. */
  containerd?: ContainerdArgs;
  /** Checks to waive on this host; replaces the cluster's. */
  preflight?: PreflightArgs;
  /** How pods leave when the node is removed; replaces the cluster's. */
  drain?: DrainArgs;
  /**
   * When the node is to be removed and its host does not answer: "stop" (default) ends with an error, "remove" takes the node
   * out through the API alone and leaves the host as it is. A node that is still Ready is not gone, only out of our reach: that
   * needs "force". `KUBEADM_ON_UNREACHABLE` overrides it for one run.
   */
  onUnreachable?: Input<"stop" | "remove" | "force">;
  /** Documents of kubeadm for this node, merged over the cluster's. The kubelets' configuration is one for all nodes. */
  kubeadm?: {
    /** Upstream: https://kubernetes.io/docs/reference/config-api/kubeadm-config.v1beta4/#kubeadm-k8s-io-v1beta4-JoinConfiguration */
    joinConfiguration?: Input<JoinConfiguration>;
  };
  /** Deadlines; what is not given comes from the cluster's. */
  timeouts?: TimeoutsArgs;
}

/** A control plane. */
export interface ControlPlaneArgs extends NodeArgs {
  /** Whether it runs the users' pods too: without the control-plane taint. Default: false. */
  worker?: boolean;
}

/** A node that is declared by itself. */
export interface OfCluster {
  /** A cluster of the same program. */
  cluster: K8sCluster;
  /** Name of the node in Kubernetes. Default: the resource's name. */
  nodeName?: string;
}

/** Arguments of a {@link WorkerNode}. */
export interface WorkerNodeArgs extends NodeArgs, OfCluster {}

/** Arguments of a {@link ControlPlaneNode}. */
export interface ControlPlaneNodeArgs extends ControlPlaneArgs, OfCluster {}
