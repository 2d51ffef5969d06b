import type { Input } from "@pulumi/pulumi";
import type { K8sCluster } from "../cluster";
import type { WorkerNode } from "../workerNode";
import type { ConnectionArgs, TimeoutsArgs } from "./connection";
import type { DrainArgs, TaintArgs } from "./node";

/**
 * One hop of the way to a device, as the machine that runs the node agent goes it: not the machine that runs Pulumi. No agent's socket
 * and no sudo: what is said here is all there is.
 */
export interface DeviceConnectionArgs {
  /** Address or name of the device, as the agent's machine reaches it. @example "10.0.9.7" */
  host: Input<string>;
  /** Port of its sshd. Default: 22. */
  port?: Input<number>;
  /** User to log in as; pods run as this user. Default: "root". */
  user?: Input<string>;
  /** Private key in PEM or OpenSSH format, the text itself. Always kept as a secret. Without it `password` is needed. */
  privateKey?: Input<string>;
  /** Passphrase of the private key. Always kept as a secret. */
  privateKeyPassword?: Input<string>;
  /** Password to log in with. Always kept as a secret. */
  password?: Input<string>;
  /**
   * The host's public key, which it has to prove; a line of known_hosts without the name ("ssh-ed25519 AAAA…") or a fingerprint
   * ("SHA256:…"). Default: the key of the first connection, made through the agent's machine when the node is made and recorded in the
   * state. A key that changed makes the node not Ready.
   */
  hostKey?: Input<string>;
  /** The hop before this one. */
  proxy?: DeviceConnectionArgs;
}

/**
 * How much log of each container is kept.
 * @example { maxSize: "1Mi", maxFiles: 3 }
 */
export interface LogsArgs {
  /** Bytes of one file, as a quantity, at least "4Ki". Default: "10Mi". */
  maxSize?: Input<string>;
  /** Files of one container, 1 to 100. Default: 5. */
  maxFiles?: Input<number>;
}

/**
 * A device reached by SSH: a pod's container is a process there, its `image` has no meaning. The device needs a POSIX shell and some
 * applets of BusyBox, see docs/virtual-nodes.
 * @example { connection: { host: "10.0.9.7", user: "plc", privateKey: config.requireSecret("deviceKey") } }
 */
export interface SshProviderArgs {
  /** How the agent reaches the device. Another host or port is another device: its pods leave first, and the node is made anew. */
  connection: DeviceConnectionArgs;
  /** Directory on the device for pods' files and logs; absolute, of its own, and one that the user can make. Default: "/var/lib/pulumi-kubeadm-device" for root, "$HOME/.pulumi-kubeadm" for others. */
  directory?: Input<string>;
  /** How much log of each container the device keeps. */
  logs?: LogsArgs;
  /** Deadlines of the agent's in seconds. */
  timeouts?: {
    /** The way to the device with all its hops. Default: 10. */
    dial?: Input<number>;
    /** Whatever is asked of the device, beside a container's grace. Default: 30. */
    call?: Input<number>;
  };
}

/**
 * A device on a serial line of the agent's machine, by the line protocol in docs/virtual-nodes.
 * @example { device: "/dev/ttyUSB0", baud: 115200 }
 */
export interface SerialProviderArgs {
  /** The line's device file, below /dev. Another one is another device. */
  device: Input<string>;
  /** Bits a second. Default: 115200. */
  baud?: Input<number>;
  /** Default: "none". */
  parity?: Input<"none" | "even" | "odd">;
  /** Default: 1. */
  stopBits?: Input<1 | 2>;
  /** Default: 8. */
  dataBits?: Input<7 | 8>;
  /** By wire ("rtscts") or by characters ("xonxoff"). Default: "none". */
  flowControl?: Input<"none" | "rtscts" | "xonxoff">;
  /** Seconds until an answer is missing, 0.01 to 60, beside the time that the bytes are on the line. Default: 1. */
  timeout?: Input<number>;
  /** How often a request without an answer is sent again before the device counts as unreachable. Default: 4. */
  retries?: Input<number>;
  /** Longest frame in bytes, 512 to 65536: noise hits shorter ones less often. Default: what half a second takes, at most 4096. */
  maxLine?: Input<number>;
  /** Seconds between two questions whether something has changed on the device, 0.01 to 10. Default: 1. */
  pollInterval?: Input<number>;
}

/**
 * The container runtime of the agent's own machine, which has containerd and no kubelet: so `runsOn` is a `connection`, never a worker.
 * @example {}
 */
export interface CriProviderArgs {
  /** The runtime's CRI v1 socket. Default: "/run/containerd/containerd.sock". */
  socket?: Input<string>;
  /** How much log of each container the machine keeps. */
  logs?: LogsArgs;
}

/**
 * Another Kubernetes cluster, or a service that speaks its API: pods run there in one namespace.
 * Either `kubeconfig`, or `server` with exactly one of `token`, `clientCertificate` and `clientKey`, `username` and `password`.
 * @example { kubeconfig: config.requireSecret("remoteKubeconfig"), namespace: "edge" }
 */
export interface RemoteClusterProviderArgs {
  /** A kubeconfig, the text itself, with its credentials in it. Always kept as a secret. */
  kubeconfig?: Input<string>;
  /** Context of the kubeconfig. Default: its current one. */
  context?: Input<string>;
  /** Address of the API. @example "https://10.1.0.10:6443" */
  server?: Input<string>;
  /** Certificate authority of the API, PEM. Default: those the agent's machine trusts. */
  ca?: Input<string>;
  /** Bearer token. Always kept as a secret. */
  token?: Input<string>;
  /** Client certificate, PEM; with `clientKey`. */
  clientCertificate?: Input<string>;
  /** Key of the client certificate, PEM. Always kept as a secret. */
  clientKey?: Input<string>;
  /** User, where an authenticating proxy takes one; with `password`. */
  username?: Input<string>;
  /** Always kept as a secret. */
  password?: Input<string>;
  /** Namespace the pods run in, which has to be there. Default: the context's, else "default". */
  namespace?: Input<string>;
}

/**
 * Pods that start and finish as their annotations say, for tests of scale.
 * @example { nodes: 50 }
 */
export interface SimulatedProviderArgs {
  /** How many nodes one agent is: NAME-0 and so on, a plain value of 1 to 5000. Default: one node, called NAME. */
  nodes?: number;
  /** Thousandths of a CPU that each running container is said to use, for `kubectl top`. Default: 0, then nothing is said. */
  cpuMilli?: Input<number>;
  /** Bytes of memory, likewise. */
  memoryBytes?: Input<number>;
}

/** Where a virtual node's pods run: exactly one of them. Another kind is another place: the pods leave first. */
export interface VirtualKubeletProviderArgs {
  ssh?: SshProviderArgs;
  serial?: SerialProviderArgs;
  cri?: CriProviderArgs;
  cluster?: RemoteClusterProviderArgs;
  simulated?: SimulatedProviderArgs;
}

/**
 * What the scheduler may place on the node, as Kubernetes' quantities.
 * @example { cpu: "4", memory: "2Gi", pods: 5 }
 */
export interface ResourcesArgs {
  /** Needed but for `cluster` and `simulated`. */
  cpu?: Input<string | number>;
  /** Needed but for `cluster` and `simulated`. */
  memory?: Input<string | number>;
  /** Default: 110. */
  pods?: Input<string | number>;
  /** Any other resource by its name, e.g. "ephemeral-storage". */
  [resource: string]: Input<string | number> | undefined;
}

/** A machine that is no node of the cluster and runs node agents: it needs systemd and a route to the API, and the control planes one to it. */
export interface AgentMachineArgs {
  /** How the machine is reached; what is not given comes from the cluster's `connection`, field by field. Never a control plane. */
  connection: ConnectionArgs;
}

/** The node agent's program. */
export interface AgentArgs {
  /** A program of your own build, a file on the machine that runs Pulumi; it is compared by its content. A plain value. */
  path: string;
}

/** What every virtual node has, in a map of a cluster or declared by itself. */
export interface VirtualKubeletArgs {
  /** Where its pods run. */
  provider: VirtualKubeletProviderArgs;
  /**
   * What the node has. Default for `cluster`, and the most it can be: the quota of the namespace there, else the nodes there. Default for
   * `simulated`: 32 CPUs and 256Gi.
   */
  capacity?: ResourcesArgs;
  /** What of it pods may take. Default: all of it. */
  allocatable?: ResourcesArgs;
  /** Labels, owned key by key, beside those every virtual node has: `type=virtual-kubelet` and `kubernetes.io/role=agent`. */
  labels?: Input<Record<string, Input<string>>>;
  /** Taints, owned by key and effect, beside `providerTaint`. */
  taints?: Input<Input<TaintArgs>[]>;
  /** Annotations, owned key by key. */
  annotations?: Input<Record<string, Input<string>>>;
  /** Whether `virtual-kubelet.io/provider=<provider>:NoSchedule` keeps off pods that do not tolerate it. Default: true. */
  providerTaint?: Input<boolean>;
  /** Operating system of the place, the label `kubernetes.io/os`. Default: "linux". */
  os?: Input<"linux" | "windows">;
  /** Architecture of the place, the label `kubernetes.io/arch`. Default: "amd64"; for `cri` the machine's own. */
  arch?: Input<string>;
  /** The node's InternalIP, where the control planes reach the agent for logs and exec. Default: the address of its machine. */
  address?: Input<string>;
  /** Port of the agent's authenticated listener, also open from the control planes. Default: the first free one from 10300 on, kept as long as the node lives. */
  port?: Input<number>;
  /** Port of its health and metrics on 127.0.0.1. Default: the first free one from 10400 on, kept like `port`. */
  healthPort?: Input<number>;
  /** The agent's program. Default: the one in the cluster's bundle, else the one in this package. */
  agent?: AgentArgs;
  /** How pods leave when the node is removed; replaces the cluster's. */
  drain?: DrainArgs;
  /**
   * When the node is to be removed and its device or the agent's machine does not answer: "stop" (default) ends with an error, "remove"
   * takes it out through the API alone and leaves what runs there. One that still reports needs "force".
   * `KUBEADM_ON_UNREACHABLE` overrides it for one run.
   */
  onUnreachable?: Input<"stop" | "remove" | "force">;
  /** Deadlines; what is not given comes from the cluster's. `ready` counts for the node, `drain` for its pods. */
  timeouts?: TimeoutsArgs;
}

/** An entry of a cluster's `virtualKubelets`. */
export interface VirtualKubeletEntryArgs extends VirtualKubeletArgs {
  /**
   * What runs the agent: the name of one of the cluster's `workers`, or a machine. A plain value. Default: the first of `workers`.
   * Never a control plane. Another machine is another life of the node: its pods leave first.
   */
  runsOn?: string | AgentMachineArgs;
}

/** Arguments of a {@link VirtualKubeletNode}. */
export interface VirtualKubeletNodeArgs extends VirtualKubeletArgs {
  /** A cluster of the same program. */
  cluster: K8sCluster;
  /** Name of the node in Kubernetes. Default: the resource's name. */
  nodeName?: string;
  /**
   * What runs the agent: a worker of the cluster (`cluster.workers.w1`, or a {@link WorkerNode}), or a machine. Default: the first of the
   * cluster's `workers`. Never a control plane. Another machine is another life of the node: its pods leave first.
   */
  runsOn?: WorkerNode | AgentMachineArgs;
}
