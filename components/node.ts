// What both kinds of node share: the machine, its preparation, and the way into the cluster.

import * as pulumi from "@pulumi/pulumi";
import { defined } from "../provider/lib/defined";
import { Host, Machine, Preflight } from "../provider/resources";
import type { K8sClusterArgs } from "./args/cluster";
import type { ControlPlaneArgs, NodeArgs } from "./args/node";
import { holderNeeds, virtualAddress } from "./endpoint";
import { connectionOf, containerdOf, kubeadmOf, networkOf, timeoutsOf } from "./settings";
import type { TargetInputs, Wiring } from "./wiring";

export interface Roles {
  controlPlane: boolean;
  worker: boolean;
}

type Fields = Record<string, pulumi.Input<unknown>>;

/** A node of a cluster; its machine is known first, everything else is wired once the cluster knows all machines. */
export abstract class ClusterNode extends pulumi.ComponentResource {
  /** The node's name in Kubernetes. */
  readonly nodeName: string;
  /** The node's address. */
  readonly address: pulumi.Output<string>;
  /** The machine's id, as systemd knows it. */
  readonly machineId: pulumi.Output<string>;
  /** @internal */
  readonly machine: Machine;
  /** @internal */
  readonly target: TargetInputs;

  protected constructor(
    type: string,
    protected readonly resourceName: string,
    nodeName: string,
    protected readonly nodeArgs: NodeArgs & Pick<ControlPlaneArgs, "worker">,
    protected readonly clusterArgs: K8sClusterArgs,
    protected readonly roles: Roles,
    options: pulumi.ComponentResourceOptions,
  ) {
    super(type, resourceName, {}, options);
    this.nodeName = nodeName;
    const connection = connectionOf(clusterArgs.connection, nodeArgs.connection);
    const inputs = defined({ name: nodeName, connection, address: nodeArgs.address, timeouts: this.timeouts() });
    this.machine = new Machine(`${resourceName}-machine`, inputs, { parent: this });
    const { hostKeys, machineId, nodeAddress } = this.machine;
    this.target = { connection, hostKeys, machineId, address: nodeAddress };
    this.address = nodeAddress;
    this.machineId = machineId;
  }

  /** @internal What a preflight is told of this host. */
  preflightInputs(): Fields {
    return defined({
      target: this.target,
      ...this.roles,
      hostname: this.nodeArgs.hostname,
      swap: this.nodeArgs.swap,
      ignore: this.preflightIgnore(),
      failCgroupV1: this.failCgroupV1(),
    }) as Fields;
  }

  /** A node that joins a cluster which is declared already looks at its host by itself. */
  protected ownPreflight(wiring: Wiring): Preflight {
    const peers = Object.fromEntries(
      Object.entries(wiring.machines).map(([name, { machineId, nodeAddress }]) => [
        name,
        { machineId, address: nodeAddress },
      ]),
    );
    const { kubernetesVersion, upgrade, drain, endpoint } = this.clusterArgs;
    const hosts = { [this.nodeName]: this.preflightInputs() };
    const reach = { ...wiring.reach };
    const virtualIp = virtualAddress(endpoint);
    const inputs = { clusterId: wiring.clusterId, kubernetesVersion, hosts, peers, reach, upgrade, drain, virtualIp };
    return new Preflight(`${this.resourceName}-preflight`, defined({ ...inputs, timeouts: this.timeouts() }), {
      parent: this,
    });
  }

  /** @internal The host's preparation; side by side with all others, but for those that get the bundle from this one. */
  prepare(wiring: Wiring, preflight: pulumi.Resource): Host {
    const { kubernetesVersion, source, network, endpoint } = this.clusterArgs;
    const documents = kubeadmOf(this.clusterArgs.kubeadm, this.nodeArgs.kubeadm);
    const via = this.viaOf(wiring);
    const inputs = defined({
      ...this.common(wiring),
      roles: this.roles,
      kubernetesVersion,
      source: source ?? { download: {} },
      via: via && { name: via.name, target: wiring.targets[via.name] },
      leads: wiring.starter === this.nodeName ? true : undefined,
      containerd: containerdOf(this.nodeArgs.containerd ?? this.clusterArgs.containerd),
      cni: networkOf(network)["cni"],
      front: this.roles.controlPlane ? holderNeeds(endpoint) : undefined,
      hostname: this.nodeArgs.hostname,
      swap: this.nodeArgs.swap,
      clusterConfiguration: documents["clusterConfiguration"],
      kubeletConfiguration: documents["kubeletConfiguration"],
    });
    const dependsOn = [preflight, ...(via ? [via.host] : [])];
    const host = new Host(`${this.resourceName}-host`, inputs as never, { parent: this, dependsOn });
    wiring.hosts[this.nodeName] = host;
    return host;
  }

  /** The node that hands the bundle out, where there is one and it is not this. */
  private viaOf(wiring: Wiring): { name: string; host: Host } | undefined {
    const name = this.clusterArgs.source?.bundle?.via;
    const host = name === undefined ? undefined : wiring.hosts[name];
    return name !== undefined && host && name !== this.nodeName ? { name, host } : undefined;
  }

  /** What both joining leaves are told. */
  protected membership(wiring: Wiring): Fields {
    const { kubernetesVersion, network, kubeadm } = this.clusterArgs;
    return defined({
      ...this.common(wiring),
      clusterName: wiring.clusterName,
      reach: { ...wiring.reach },
      endpoint: wiring.apiEndpoint,
      kubernetesVersion,
      network: networkOf(network),
      labels: this.nodeArgs.labels ?? {},
      taints: this.nodeArgs.taints ?? [],
      annotations: this.nodeArgs.annotations ?? {},
      kubeadm: kubeadmOf(kubeadm, this.nodeArgs.kubeadm),
      kubeletExtraArgs: this.nodeArgs.kubeletExtraArgs,
      providerId: this.nodeArgs.providerId,
      preflightIgnore: this.preflightIgnore(),
      drain: this.nodeArgs.drain ?? this.clusterArgs.drain,
      upgrade: this.clusterArgs.upgrade,
    }) as Fields;
  }

  private common(wiring: Wiring): Fields {
    return defined({
      clusterId: wiring.clusterId,
      name: this.nodeName,
      target: this.target,
      onUnreachable: this.nodeArgs.onUnreachable ?? this.clusterArgs.onUnreachable,
      timeouts: this.timeouts(),
    }) as Fields;
  }

  private timeouts() {
    return timeoutsOf(this.clusterArgs.timeouts, this.nodeArgs.timeouts);
  }

  private preflightIgnore() {
    return (this.nodeArgs.preflight ?? this.clusterArgs.preflight)?.ignore;
  }

  private failCgroupV1(): pulumi.Output<boolean | undefined> {
    const documents = kubeadmOf(this.clusterArgs.kubeadm, this.nodeArgs.kubeadm);
    const kubelet: pulumi.Output<unknown> = pulumi.output(documents["kubeletConfiguration"] as pulumi.Input<unknown>);
    // No secret itself; and a secret that is undefined would arrive as a null, which no schema expects.
    return pulumi.unsecret(kubelet).apply((document) => {
      const value = (document as Record<string, unknown> | undefined)?.["failCgroupV1"];
      return typeof value === "boolean" ? value : undefined;
    });
  }
}
