import * as pulumi from "@pulumi/pulumi";
import { defined } from "../provider/lib/defined";
import { withPort } from "../provider/lib/endpoint";
import { Identity, Kubeconfig, Preflight } from "../provider/resources";
import type { K8sClusterArgs } from "./args/cluster";
import type { VirtualKubeletNodeArgs } from "./args/virtualKubelet";
import { ControlPlaneNode } from "./controlPlaneNode";
import { explicitEndpoint, virtualAddress } from "./endpoint";
import { newKubernetesProvider } from "./kubernetesProvider";
import { timeoutsOf } from "./settings";
import { checkClusterArgs } from "./validate";
import { VirtualKubeletNode } from "./virtualKubeletNode";
import type { Wiring } from "./wiring";
import { WorkerNode } from "./workerNode";

/**
 * A Kubernetes cluster on machines that are there already, made by kubeadm over SSH.
 *
 * @example
 * const cluster = new kubeadm.K8sCluster("prod", {
 *     kubernetesVersion: "1.34.4",
 *     connection: { user: "ops", privateKey: config.requireSecret("sshPrivateKey") },
 *     controlPlanes: { cp1: { connection: { host: "10.0.0.11" } } },
 *     workers: { w1: { connection: { host: "10.0.0.21" } } },
 * });
 * export const kubeconfig = cluster.kubeconfig;
 */
export class K8sCluster extends pulumi.ComponentResource {
  /** The administrator's kubeconfig with the endpoint's address; a secret. */
  readonly kubeconfig: pulumi.Output<string>;
  /** A UUID made with the cluster; written on every host and into the cluster. */
  readonly clusterId: pulumi.Output<string>;
  /** "host:port" of the API. */
  readonly endpoint: pulumi.Output<string>;
  /** The nodes of `args.controlPlanes`, by name. */
  readonly controlPlanes: Readonly<Record<string, ControlPlaneNode>>;
  /** The nodes of `args.workers`, by name. */
  readonly workers: Readonly<Record<string, WorkerNode>>;
  /** The nodes of `args.virtualKubelets`, by name. */
  readonly virtualKubelets: Readonly<Record<string, VirtualKubeletNode>>;
  /** @internal */
  readonly args: K8sClusterArgs;
  /** @internal Absent until all machines of the cluster's own maps are known. */
  readonly wiring?: Wiring;

  constructor(
    private readonly resourceName: string,
    args: K8sClusterArgs,
    options: pulumi.ComponentResourceOptions = {},
  ) {
    super("kubeadm:index:K8sCluster", resourceName, {}, options);
    checkClusterArgs(resourceName, args);
    this.args = args;
    this.controlPlanes = this.nodes(args.controlPlanes, ControlPlaneNode);
    this.workers = this.nodes(args.workers ?? {}, WorkerNode);
    this.virtualKubelets = this.nodes(this.virtualArgs(), VirtualKubeletNode);
    const wiring = this.newWiring();
    for (const node of this.viaFirst()) node.prepare(wiring, wiring.preflight);
    for (const node of this.allNodes()) node.wire(wiring);
    for (const node of Object.values(this.virtualKubelets)) node.wire(wiring);
    this.wiring = wiring;
    this.clusterId = wiring.clusterId;
    this.endpoint = wiring.apiEndpoint;
    this.kubeconfig = pulumi.secret(this.newKubeconfig(wiring).kubeconfig);
    this.registerOutputs({ kubeconfig: this.kubeconfig, clusterId: this.clusterId, endpoint: this.endpoint });
  }

  /**
   * A provider of @pulumi/kubernetes for this cluster; the package has to be a dependency of the program.
   * The machine that runs Pulumi needs a route to `endpoint` for it, which nothing else here does.
   *
   * @example
   * new k8s.core.v1.Namespace("shop", {}, { provider: cluster.kubernetesProvider() });
   */
  kubernetesProvider(name = `${this.resourceName}-kubernetes`): pulumi.ProviderResource {
    return newKubernetesProvider(name, { kubeconfig: this.kubeconfig, clusterId: this.clusterId, parent: this });
  }

  private nodes<N, A extends object>(
    args: Record<string, A>,
    Node: new (
      name: string,
      args: A & { cluster: K8sCluster; nodeName: string },
      options: pulumi.ComponentResourceOptions,
    ) => N,
  ): Record<string, N> {
    const entries = Object.entries(args).map(([key, node]): [string, N] => {
      const options = { parent: this };
      return [key, new Node(`${this.resourceName}-${key}`, { ...node, cluster: this, nodeName: key }, options)];
    });
    return Object.fromEntries(entries);
  }

  /** Their machines by name become those of `workers`, which are there by now. */
  private virtualArgs(): Record<string, Omit<VirtualKubeletNodeArgs, "cluster" | "nodeName">> {
    const entries = Object.entries(this.args.virtualKubelets ?? {}).map(([key, { runsOn, ...args }]) => {
      const machine = typeof runsOn === "string" ? this.workers[runsOn] : runsOn;
      return [key, defined({ ...args, runsOn: machine })];
    });
    return Object.fromEntries(entries);
  }

  private allNodes(): (ControlPlaneNode | WorkerNode)[] {
    return [...Object.values(this.controlPlanes), ...Object.values(this.workers)];
  }

  /** Whoever hands the bundle out comes first: the others wait for it. */
  private viaFirst(): (ControlPlaneNode | WorkerNode)[] {
    const via = this.args.source?.bundle?.via;
    const isVia = (node: ControlPlaneNode | WorkerNode): boolean => node.nodeName === via;
    return [...this.allNodes().filter(isVia), ...this.allNodes().filter((node) => !isVia(node))];
  }

  private newWiring(): Wiring {
    const [first] = Object.values(this.controlPlanes);
    if (!first) throw new pulumi.RunError(`K8sCluster ${this.resourceName}: controlPlanes: at least one is needed`);
    const explicit = explicitEndpoint(this.args.endpoint);
    const identity = new Identity(
      `${this.resourceName}-identity`,
      defined({
        name: this.resourceName,
        endpoint: explicit ?? first.address.apply((address) => withPort(address)),
        explicitEndpoint: explicit,
      }) as never,
      { parent: this },
    );
    const reach = Object.fromEntries(Object.values(this.controlPlanes).map((node) => [node.nodeName, node.target]));
    return {
      args: this.args,
      clusterId: identity.clusterId,
      clusterName: this.resourceName,
      // What the program says is known in every preview, also in the one that changes it.
      apiEndpoint: explicit ?? identity.apiEndpoint,
      addresses: Object.fromEntries(Object.values(this.controlPlanes).map((node) => [node.nodeName, node.address])),
      reach,
      targets: Object.fromEntries(this.allNodes().map((node) => [node.nodeName, node.target])),
      machines: {},
      hosts: {},
      preflight: this.newPreflight(identity.clusterId, reach),
      controlPlanes: [],
      workers: [],
      starter: first.nodeName,
      firstWorker: Object.values(this.workers)[0],
      virtualNodes: [],
    };
  }

  private newPreflight(clusterId: pulumi.Output<string>, reach: Wiring["reach"]): Preflight {
    const hosts = Object.fromEntries(this.allNodes().map((node) => [node.nodeName, node.preflightInputs()]));
    const { kubernetesVersion, upgrade, drain, endpoint } = this.args;
    const inputs = {
      clusterId,
      kubernetesVersion,
      hosts,
      reach: { ...reach },
      order: Object.keys(this.controlPlanes),
      upgrade,
      drain,
      virtualIp: virtualAddress(endpoint),
      timeouts: timeoutsOf(this.args.timeouts, {}),
    };
    return new Preflight(`${this.resourceName}-preflight`, defined(inputs) as never, { parent: this });
  }

  private newKubeconfig(wiring: Wiring): Kubeconfig {
    const { clusterId, clusterName, apiEndpoint } = wiring;
    const { certificates } = this.args;
    const inputs = { clusterId, clusterName, endpoint: apiEndpoint, reach: { ...wiring.reach }, certificates };
    const timeouts = timeoutsOf(this.args.timeouts, {});
    const options = { parent: this, dependsOn: [...wiring.controlPlanes] };
    return new Kubeconfig(`${this.resourceName}-kubeconfig`, defined({ ...inputs, timeouts }) as never, options);
  }
}
