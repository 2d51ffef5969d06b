// What a cluster hands to its nodes and addons: ids, settings, and the leaves they have to wait for.
import type * as pulumi from "@pulumi/pulumi";
import type { Host, Machine, Preflight } from "../provider/resources";
import type { K8sClusterArgs } from "./args/cluster";
import type { WorkerNode } from "./workerNode";

/** A Target whose parts may still be Inputs, put together field by field so that each keeps its own secrecy. */
export interface TargetInputs {
  connection: Record<string, pulumi.Input<unknown> | undefined>;
  hostKeys: pulumi.Input<Record<string, string>>;
  machineId: pulumi.Input<string>;
  address: pulumi.Input<string>;
}

export interface Wiring {
  readonly args: K8sClusterArgs;
  readonly clusterId: pulumi.Output<string>;
  readonly clusterName: string;
  /** "host:port" of the API. */
  readonly apiEndpoint: pulumi.Output<string>;
  /** Addresses of the control planes so far, for those that hold the API's virtual address. */
  readonly addresses: Record<string, pulumi.Output<string>>;
  /** All control planes by node name, also those declared by themselves before whoever asks. */
  readonly reach: Record<string, TargetInputs>;
  /** How the cluster's own nodes are reached. */
  readonly targets: Readonly<Record<string, TargetInputs>>;
  /** Machines of all nodes so far, for the preflight of one that comes later. */
  readonly machines: Record<string, Machine>;
  /** Preparations of all nodes so far, for those that fetch the bundle from one of them. */
  readonly hosts: Record<string, Host>;
  /** Hosts wait for it. */
  readonly preflight: Preflight;
  /** They form a chain: one change of a control plane at a time. */
  readonly controlPlanes: pulumi.Resource[];
  readonly workers: pulumi.Resource[];
  /** The name of the control plane that starts the cluster: the first in the program. */
  readonly starter: string;
  /** The first of the cluster's own `workers`, which runs node agents where nothing else is said. */
  readonly firstWorker: WorkerNode | undefined;
  /** Names of virtual nodes so far. */
  readonly virtualNodes: string[];
}
