// The cluster that simulated hosts share: as much of an API as the provider looks at.
import { versions } from "../../tools/versions";

type Json = Record<string, unknown>;

export class Cluster {
  readonly nodes = new Map<string, Json & { metadata: Json }>();
  readonly others = new Map<string, Json & { metadata: Json }>();

  /** As a kubelet would, all at once: registered, Ready, its version, flannel on it. */
  register(name: string, address: string): void {
    this.nodes.set(name, {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name, uid: `node-${name}`, resourceVersion: "1", labels: {}, annotations: {} },
      spec: {},
      status: {
        addresses: [{ type: "InternalIP", address }],
        nodeInfo: { kubeletVersion: `v${versions.kubernetes.default}` },
        conditions: [{ type: "Ready", status: "True" }],
      },
    });
  }

  flannelPodOn(node: string): Json {
    return {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: `kube-flannel-${node}`, namespace: "kube-flannel" },
      status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] },
    };
  }

  find(type: string, name: string): (Json & { metadata: Json }) | undefined {
    return type === "nodes" ? this.nodes.get(name) : this.others.get(`${type.split(".")[0]?.toLowerCase()}/${name}`);
  }

  apply(object: Json & { kind: string; metadata: Json & { name: string } }): void {
    this.others.set(`${object.kind.toLowerCase()}s/${object.metadata.name}`, object);
  }

  /** A merge patch of two levels is all that is needed. */
  patch(type: string, name: string, change: Json): Json {
    const found = this.find(type, name);
    if (!found) throw new Error(`a patch of ${type} ${name}, which is not there`);
    for (const [field, value] of Object.entries(change)) {
      const before = found[field];
      found[field] = isMap(before) && isMap(value) ? { ...before, ...value } : value;
    }
    return found;
  }
}

function isMap(value: unknown): value is Json {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
