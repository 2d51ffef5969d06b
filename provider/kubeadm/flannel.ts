// Flannel, as the objects that are applied to the cluster (after upstream's Documentation/kube-flannel.yml).
import { parseCidr, splitPair } from "../lib/cidr";
import type { Document } from "../lib/merge";
import { sha256 } from "../lib/sha256";
import { daemonSet } from "./flannelDaemonSet";
import { flannelImages } from "./images";
import { familiesOf } from "./network";
import type { Network } from "./spec";

export const flannelNamespace = "kube-flannel";
export const flannelDaemonSet = "kube-flannel-ds";

export interface FlannelPlan {
  podCidr: string;
  cni: Exclude<Network["cni"], "none">;
  /**
   * Where flannel finds the API ("host:port"): given, it does not depend on kube-proxy having set up the Service
   * first, so a node is ready earlier.
   */
  apiEndpoint?: string | undefined;
}

/** Namespace first: the objects are in the order in which they can be made. */
export function flannelManifests(plan: FlannelPlan): Document[] {
  const images = flannelImages(plan.cni);
  if (images === undefined) throw new RangeError("flannel is not the network of this cluster");
  const config = { "cni-conf.json": json(cniConfiguration), "net-conf.json": json(networkConfiguration(plan)) };
  // Pods read the configuration when they start: another one has to make other pods.
  const checksum = sha256(JSON.stringify(config));
  return [
    namespace,
    serviceAccount,
    clusterRole,
    clusterRoleBinding,
    { apiVersion: "v1", kind: "ConfigMap", metadata: named("kube-flannel-cfg"), data: config },
    daemonSet({ images, checksum, families: familiesOf(plan.podCidr), apiEndpoint: plan.apiEndpoint, labels }),
  ];
}

const labels = { "k8s-app": "flannel" };

function named(name: string): Document {
  return { name, namespace: flannelNamespace, labels };
}

const namespace: Document = {
  apiVersion: "v1",
  kind: "Namespace",
  // It configures the hosts' network, which no narrower Pod Security level allows.
  metadata: { name: flannelNamespace, labels: { ...labels, "pod-security.kubernetes.io/enforce": "privileged" } },
};

const serviceAccount: Document = { apiVersion: "v1", kind: "ServiceAccount", metadata: named("flannel") };

const clusterRole: Document = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRole",
  metadata: { name: "flannel", labels },
  rules: [
    { apiGroups: [""], resources: ["pods"], verbs: ["get"] },
    { apiGroups: [""], resources: ["nodes"], verbs: ["get", "list", "watch"] },
    { apiGroups: [""], resources: ["nodes/status"], verbs: ["patch"] },
  ],
};

const clusterRoleBinding: Document = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRoleBinding",
  metadata: { name: "flannel", labels },
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "flannel" },
  subjects: [{ kind: "ServiceAccount", name: "flannel", namespace: flannelNamespace }],
};

const cniConfiguration = {
  name: "cbr0",
  cniVersion: "0.3.1",
  plugins: [
    { type: "flannel", delegate: { hairpinMode: true, isDefaultGateway: true } },
    { type: "portmap", capabilities: { portMappings: true } },
  ],
};

function networkConfiguration({ podCidr, cni }: FlannelPlan): Document {
  const networks = splitPair(podCidr);
  const v4 = networks.find((part) => parseCidr(part)?.family === 4);
  const v6 = networks.find((part) => parseCidr(part)?.family === 6);
  return {
    ...(v4 === undefined ? { EnableIPv4: false } : { Network: v4 }),
    ...(v6 === undefined ? {} : { EnableIPv6: true, IPv6Network: v6 }),
    EnableNFTables: false,
    Backend: { Type: cni.flannel.backend ?? "vxlan" },
  };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
