// Pods as the virtual-kubelet library's own end-to-end suite makes them, such as one node's place can run.
import { NodeApi } from "./nodeApi";
import { eventually } from "./patience";
import type { Args } from "./program";
import type { Loose, Workstation } from "./workstation";

export interface SuitePlace {
  kubectl: Workstation;
  namespace: string;
  /** A container, but for its name, that runs a shell's script with BusyBox's applets. */
  container: (script: string) => Args;
  /** More of a pod's specification. */
  spec?: Args;
  /** Pods have no network, and so no address. */
  addressless?: boolean;
}

interface Wish {
  name: string;
  /** Names of the containers. */
  containers?: readonly string[];
  env?: readonly Args[];
}

/** A device has a shell and no images; a simulated node takes anything. */
export const deviceContainer = (script: string): Args => ({ image: "has/no:meaning", command: ["sh", "-c", script] });

/** Says that it began, and takes two seconds to end when it is asked to. */
const loop = "trap 'sleep 2; exit 0' TERM; echo begun; while true; do sleep 1; done";

/** Put onto its node by hand, as the library does: no scheduler and no taint has a say. */
export function suitePod(node: string, place: SuitePlace, { name, containers = ["main"], env = [] }: Wish): Args {
  const { namespace, container, spec } = place;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, annotations: { "simulated.virtual-kubelet.io/stop-after": "2s" } },
    spec: {
      nodeName: node,
      enableServiceLinks: false,
      ...spec,
      containers: containers.map((each) => ({ name: each, ...container(loop), env })),
    },
  };
}

/** One node of one place, and what a test does with pods there. */
export class Suite {
  readonly api: NodeApi;

  constructor(
    private readonly node: string,
    private readonly place: SuitePlace,
  ) {
    this.api = new NodeApi(place.kubectl, node);
  }

  pod(name: string): Promise<Loose> {
    return this.place.kubectl.get("pod", name, "-n", this.place.namespace);
  }

  async create(wish: Wish): Promise<Loose> {
    await this.place.kubectl.applyAs("suite", suitePod(this.node, this.place, wish));
    return this.pod(wish.name);
  }

  /** Running, Ready, and with an address where pods have one. */
  async ready(name: string): Promise<void> {
    await eventually(`${name} Ready`, async () => {
      const { status } = await this.pod(name);
      const condition = status.conditions?.find(({ type }: Loose) => type === "Ready");
      const addressed = status.podIP === undefined ? this.place.addressless : !this.place.addressless;
      return status.phase === "Running" && condition?.status === "True" && addressed;
    });
  }

  async event(pod: Loose, reason: string): Promise<void> {
    const selector = `involvedObject.uid=${pod.metadata.uid},reason=${reason}`;
    await eventually(`${reason} of ${pod.metadata.name}`, async () => {
      const { items } = await this.place.kubectl.get(
        ...["events", "-n", this.place.namespace, "--field-selector", selector],
      );
      return items.length > 0;
    });
  }

  async remove(...flags: string[]): Promise<void> {
    await this.place.kubectl.run("delete", "pod", "-n", this.place.namespace, ...flags);
  }

  async gone(name: string): Promise<void> {
    await eventually(`${name} gone`, async () => {
      const { items } = await this.place.kubectl.get("pods", "-n", this.place.namespace);
      return !items.some(({ metadata }: Loose) => metadata.name === name);
    });
  }
}
