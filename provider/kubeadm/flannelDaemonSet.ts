// Flannel's agent on every node that runs real pods.
import type { Document } from "../lib/merge";
import type { FlannelImages } from "./images";
import { realLinuxNodes } from "./virtualKubelet/affinity";

export interface DaemonSetPlan {
  images: FlannelImages;
  /** Of the configuration. */
  checksum: string;
  /** Of the pod network, the primary one first. */
  families: readonly (4 | 6)[];
  apiEndpoint: string | undefined;
  labels: Readonly<Record<string, string>>;
}

const podLabels = { tier: "node", app: "flannel" };

export function daemonSet(plan: DaemonSetPlan): Document {
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: "kube-flannel-ds", namespace: "kube-flannel", labels: { ...podLabels, ...plan.labels } },
    spec: {
      selector: { matchLabels: { app: "flannel" } },
      template: {
        metadata: { labels: podLabels, annotations: { "checksum/config": plan.checksum } },
        spec: podSpec(plan),
      },
    },
  };
}

function podSpec(plan: DaemonSetPlan): Document {
  return {
    // A virtual node has neither a kernel nor a CNI directory of its own.
    affinity: realLinuxNodes,
    hostNetwork: true,
    priorityClassName: "system-node-critical",
    // A taint of either kind must not take a node's network away.
    tolerations: [
      { operator: "Exists", effect: "NoSchedule" },
      { operator: "Exists", effect: "NoExecute" },
    ],
    serviceAccountName: "flannel",
    initContainers: [
      copy("install-cni-plugin", plan.images.plugin, "/flannel", "/opt/cni/bin/flannel", [
        { name: "cni-plugin", mountPath: "/opt/cni/bin" },
      ]),
      copy(
        "install-cni",
        plan.images.flannel,
        "/etc/kube-flannel/cni-conf.json",
        "/etc/cni/net.d/10-flannel.conflist",
        [{ name: "cni", mountPath: "/etc/cni/net.d" }, configMount],
      ),
    ],
    containers: [agent(plan)],
    volumes,
  };
}

const configMount = { name: "flannel-cfg", mountPath: "/etc/kube-flannel/" };

function copy(name: string, image: string, from: string, to: string, volumeMounts: Document[]): Document {
  return { name, image, command: ["cp"], args: ["-f", from, to], volumeMounts };
}

function agent(plan: DaemonSetPlan): Document {
  return {
    name: "kube-flannel",
    image: plan.images.flannel,
    command: ["/opt/bin/flanneld"],
    args: ["--ip-masq", "--kube-subnet-mgr", ...interfaceArgs(plan.families)],
    resources: { requests: { cpu: "100m", memory: "50Mi" } },
    securityContext: { privileged: false, capabilities: { add: ["NET_ADMIN", "NET_RAW"] } },
    env: environment(plan),
    volumeMounts: [
      { name: "run", mountPath: "/run/flannel" },
      configMount,
      { name: "xtables-lock", mountPath: "/run/xtables.lock" },
    ],
  };
}

/** The interface that has the node's address; flannel's own guess is the one with the default route. */
function interfaceArgs(families: readonly (4 | 6)[]): string[] {
  // With both families flannel finds an interface by an IPv6 address only when that is named a second time.
  const primaryIpv6 = families.length === 2 && families[0] === 6;
  return ["--iface=$(HOST_IP)", ...(primaryIpv6 ? ["--public-ipv6=$(HOST_IP)"] : [])];
}

function environment({ apiEndpoint }: DaemonSetPlan): Document[] {
  return [
    fromField("POD_NAME", "metadata.name"),
    fromField("POD_NAMESPACE", "metadata.namespace"),
    fromField("HOST_IP", "status.hostIP"),
    { name: "EVENT_QUEUE_DEPTH", value: "5000" },
    { name: "CONT_WHEN_CACHE_NOT_READY", value: "false" },
    ...(apiEndpoint === undefined ? [] : apiServer(apiEndpoint)),
  ];
}

function apiServer(endpoint: string): Document[] {
  const colon = endpoint.lastIndexOf(":");
  return [
    { name: "KUBERNETES_SERVICE_HOST", value: endpoint.slice(0, colon).replace(/^\[|\]$/g, "") },
    { name: "KUBERNETES_SERVICE_PORT", value: endpoint.slice(colon + 1) },
  ];
}

function fromField(name: string, fieldPath: string): Document {
  return { name, valueFrom: { fieldRef: { fieldPath } } };
}

const volumes: Document[] = [
  { name: "run", hostPath: { path: "/run/flannel" } },
  { name: "cni-plugin", hostPath: { path: "/opt/cni/bin" } },
  { name: "cni", hostPath: { path: "/etc/cni/net.d" } },
  { name: "flannel-cfg", configMap: { name: "kube-flannel-cfg" } },
  { name: "xtables-lock", hostPath: { path: "/run/xtables.lock", type: "FileOrCreate" } },
];
