// Pods that a device with a shell can run, and that a simulated node takes as well.
import type { Args } from "./program";

export interface PodWish {
  namespace: string;
  name: string;
  node: string;
  /** Names of the containers. */
  containers?: readonly string[];
  env?: readonly Args[];
}

/** Says that it began, and takes two seconds to end when it is asked to. */
const loop = "trap 'sleep 2; exit 0' TERM; echo begun; while true; do sleep 1; done";

/** Put onto its node by hand, as the virtual-kubelet library's own suite does: no scheduler and no taint has a say. */
export function devicePod({ namespace, name, node, containers = ["main"], env = [] }: PodWish): Args {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, annotations: { "simulated.virtual-kubelet.io/stop-after": "2s" } },
    spec: {
      nodeName: node,
      enableServiceLinks: false,
      containers: containers.map((container) => ({
        name: container,
        image: "has/no:meaning",
        command: ["sh", "-c", loop],
        env,
      })),
    },
  };
}
