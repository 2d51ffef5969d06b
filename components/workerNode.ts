import type * as pulumi from "@pulumi/pulumi";
import { Worker } from "../provider/resources";
import type { K8sClusterArgs } from "./args/cluster";
import type { WorkerNodeArgs } from "./args/node";
import { ClusterNode } from "./node";
import { checkNodeArgs } from "./validate";
import type { Wiring } from "./wiring";

/**
 * A worker of a {@link K8sCluster}, the same thing as an entry of its `workers`: prepares the host and joins it. Taking it out of
 * the program drains it, deletes the Node, resets the host and undoes the preparation.
 *
 * @example
 * new kubeadm.WorkerNode("w3", { cluster, connection: { host: "10.0.0.23" }, labels: { pool: "general" } });
 */
export class WorkerNode extends ClusterNode {
  /** @internal Its membership, before which nothing that runs on it may come. */
  leaf?: Worker;

  constructor(name: string, args: WorkerNodeArgs, options: pulumi.ComponentResourceOptions = {}) {
    checkNodeArgs("WorkerNode", name, args);
    const roles = { controlPlane: false, worker: true };
    super("kubeadm:index:WorkerNode", name, args.nodeName ?? name, args, args.cluster.args, roles, options);
    // Absent while the cluster still collects its own nodes: it wires them when it knows all their machines.
    if (args.cluster.wiring) this.wire(args.cluster.wiring);
  }

  /** @internal Whether this is the cluster it belongs to. */
  isOf(cluster: K8sClusterArgs): boolean {
    return this.clusterArgs === cluster;
  }

  /** @internal */
  wire(wiring: Wiring): void {
    const host = wiring.hosts[this.nodeName] ?? this.prepare(wiring, this.ownPreflight(wiring));
    const dependsOn = [host, ...wiring.controlPlanes];
    this.leaf = new Worker(`${this.resourceName}-worker`, this.membership(wiring) as never, {
      parent: this,
      dependsOn,
    });
    wiring.workers.push(this.leaf);
    wiring.machines[this.nodeName] = this.machine;
    this.registerOutputs({ nodeName: this.nodeName, address: this.address, machineId: this.machineId });
  }
}
