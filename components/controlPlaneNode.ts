import type * as pulumi from "@pulumi/pulumi";
import { defined } from "../provider/lib/defined";
import { ControlPlane } from "../provider/resources";
import type { ControlPlaneNodeArgs } from "./args/node";
import { frontOf } from "./endpoint";
import { ClusterNode } from "./node";
import { filesOf, secret } from "./settings";
import { checkNodeArgs } from "./validate";
import type { Wiring } from "./wiring";

/**
 * A control plane of a {@link K8sCluster}: prepares the host, then `kubeadm init` or a join, then keeps labels, taints and
 * configuration as the program says. Taking it out of the program drains it, leaves etcd, and undoes the preparation.
 *
 * @example
 * new kubeadm.ControlPlaneNode("cp4", { cluster, connection: { host: "10.0.0.14" } });
 */
export class ControlPlaneNode extends ClusterNode {
  constructor(name: string, args: ControlPlaneNodeArgs, options: pulumi.ComponentResourceOptions = {}) {
    checkNodeArgs("ControlPlaneNode", name, args);
    const nodeName = args.nodeName ?? name;
    const roles = { controlPlane: true, worker: args.worker ?? false };
    super("kubeadm:index:ControlPlaneNode", name, nodeName, args, args.cluster.args, roles, options);
    // Absent while the cluster still collects its own nodes: it wires them when it knows all their machines.
    if (args.cluster.wiring) this.wire(args.cluster.wiring);
  }

  /** @internal */
  wire(wiring: Wiring): void {
    wiring.reach[this.nodeName] = this.target;
    wiring.addresses[this.nodeName] = this.address;
    const host = wiring.hosts[this.nodeName] ?? this.prepare(wiring, this.ownPreflight(wiring));
    const { endpoint, certificates, backup, files } = this.clusterArgs;
    const inputs = defined({
      ...this.membership(wiring),
      roles: { worker: this.roles.worker },
      files: filesOf(files),
      front: frontOf(endpoint, wiring.addresses),
      certificates,
      backup: backup && defined({ ...backup, passphrase: secret(backup.passphrase) }),
    });
    const dependsOn = hostsBefore(wiring, host);
    wiring.controlPlanes.push(
      new ControlPlane(`${this.resourceName}-control-plane`, inputs as never, { parent: this, dependsOn }),
    );
    wiring.machines[this.nodeName] = this.machine;
    this.registerOutputs({ nodeName: this.nodeName, address: this.address, machineId: this.machineId });
  }
}

/**
 * The control planes before this one, and hosts. A cluster that is made starts as soon as its first host is ready; one that is there is
 * changed only when all its hosts hold what the change needs.
 */
function hostsBefore(wiring: Wiring, own: pulumi.Resource): pulumi.Input<pulumi.Resource>[] {
  const all = Object.values(wiring.hosts).filter((host) => host !== own);
  const { established } = wiring.preflight;
  return [own, ...wiring.controlPlanes, ...all.map((host) => established.apply((there) => (there ? host : own)))];
}
