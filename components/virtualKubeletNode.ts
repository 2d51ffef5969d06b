import * as pulumi from "@pulumi/pulumi";
import { kindOf, nodesOf } from "../provider/kubeadm/virtualKubelet/names";
import { defined } from "../provider/lib/defined";
import { Machine, VirtualKubelet } from "../provider/resources";
import { agentOf } from "./agentProgram";
import type { K8sClusterArgs } from "./args/cluster";
import type { AgentMachineArgs, VirtualKubeletNodeArgs } from "./args/virtualKubelet";
import { connectionOf, timeoutsOf } from "./settings";
import { checkVirtualKubeletArgs } from "./validate";
import { providerOf } from "./virtualKubeletSettings";
import type { TargetInputs, Wiring } from "./wiring";
import { WorkerNode } from "./workerNode";

/**
 * A place that runs pods and is no Kubernetes node: a device by SSH or a serial line, an edge machine's container runtime, another
 * cluster, or a simulation. A node agent on a worker, or on any machine that reaches the API, is its node. Taking it out of the program
 * ends its pods, deletes the Node and takes the agent off its machine.
 *
 * @example
 * new kubeadm.VirtualKubeletNode("press-7", {
 *     cluster, runsOn: cluster.workers.w1,
 *     provider: { ssh: { connection: { host: "10.0.9.7", user: "plc", privateKey } } },
 *     capacity: { cpu: "4", memory: "2Gi", pods: 5 },
 * });
 */
export class VirtualKubeletNode extends pulumi.ComponentResource {
  /** The node's name in Kubernetes; of a simulation with `nodes` what their names begin with. */
  readonly nodeName: string;
  /** Names of the Nodes it is: one, or as many as a simulation has. */
  readonly nodeNames: readonly string[];

  constructor(
    private readonly resourceName: string,
    private readonly args: VirtualKubeletNodeArgs,
    options: pulumi.ComponentResourceOptions = {},
  ) {
    super("kubeadm:index:VirtualKubeletNode", resourceName, {}, options);
    this.nodeName = args.nodeName ?? resourceName;
    const { runsOn } = args;
    checkVirtualKubeletArgs(resourceName, args, runsOn === undefined || runsOn instanceof WorkerNode);
    if (runsOn instanceof WorkerNode && !runsOn.isOf(args.cluster.args))
      throw new pulumi.RunError(`VirtualKubeletNode ${resourceName}: runsOn: is a worker of another cluster`);
    this.nodeNames = nodesOf(this.nodeName, simulationOf(args));
    // Absent while the cluster still collects its own nodes: it wires them when it knows all of them.
    if (args.cluster.wiring) this.wire(args.cluster.wiring);
  }

  /** @internal */
  wire(wiring: Wiring): void {
    const { target, worker } = this.machine(wiring);
    const inputs = { ...this.inputs(wiring, target), ...(worker && { worker: worker.id }) };
    const leaf = new VirtualKubelet(`${this.resourceName}-virtual-kubelet`, inputs as never, {
      parent: this,
      dependsOn: wiring.controlPlanes,
    });
    // Addons wait for it as for a worker, and leave before it.
    wiring.workers.push(leaf);
    wiring.virtualNodes.push(...this.nodeNames);
    this.registerOutputs({ nodeName: this.nodeName, nodeNames: [...this.nodeNames] });
  }

  /** What runs the agent; a worker of the cluster has to be one before, and is not removed or replaced before its agents. */
  private machine(wiring: Wiring): { target: TargetInputs; worker?: pulumi.CustomResource | undefined } {
    const runsOn = this.args.runsOn ?? wiring.firstWorker;
    if (runsOn === undefined)
      throw new pulumi.RunError(
        `VirtualKubeletNode ${this.resourceName}: runsOn: is needed, as the cluster has no \`workers\``,
      );
    if (runsOn instanceof WorkerNode) return { target: runsOn.target, worker: runsOn.leaf };
    return { target: this.ownMachine(runsOn, wiring.args) };
  }

  private ownMachine({ connection: own }: AgentMachineArgs, cluster: K8sClusterArgs): TargetInputs {
    const connection = connectionOf(cluster.connection, own);
    const timeouts = timeoutsOf(cluster.timeouts, this.args.timeouts);
    const machine = new Machine(
      `${this.resourceName}-machine`,
      defined({ name: `the machine of ${this.nodeName}`, connection, timeouts }),
      { parent: this },
    );
    const { hostKeys, machineId, nodeAddress } = machine;
    return { connection, hostKeys, machineId, address: nodeAddress };
  }

  private inputs(wiring: Wiring, target: TargetInputs): Record<string, unknown> {
    const { args } = this;
    const { clusterId, clusterName, apiEndpoint } = wiring;
    const cluster = wiring.args;
    const bundle = cluster.source?.bundle?.path;
    const { capacity, allocatable, providerTaint, os, arch, address, port, healthPort } = args;
    return defined({
      clusterId,
      clusterName,
      name: this.nodeName,
      target,
      reach: { ...wiring.reach },
      endpoint: apiEndpoint,
      provider: providerOf(args.provider),
      capacity,
      allocatable,
      labels: args.labels ?? {},
      taints: args.taints ?? [],
      annotations: args.annotations ?? {},
      ...{ providerTaint, os, arch, address, port, healthPort },
      agent:
        bundle === undefined ? agentOf(args.agent) : pulumi.output(bundle).apply((path) => agentOf(args.agent, path)),
      bundle,
      drain: args.drain ?? cluster.drain,
      onUnreachable: args.onUnreachable ?? cluster.onUnreachable,
      timeouts: timeoutsOf(cluster.timeouts, args.timeouts),
    });
  }
}

function simulationOf({ provider }: VirtualKubeletNodeArgs): { simulated?: { nodes?: number } } {
  const nodes = kindOf(provider) === "simulated" ? provider.simulated?.nodes : undefined;
  return nodes === undefined ? {} : { simulated: { nodes } };
}
