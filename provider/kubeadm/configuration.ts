// The documents kubeadm is given: ours, with the user's merged over them.
import { stringify } from "yaml";
import { type Document, isDocument } from "../lib/merge";
import { sha256 } from "../lib/sha256";
import { overlay } from "./mergeRules";
import { kubeletArgProblems, nodeRegistration } from "./nodeRegistration";
import { documentProblems, type Owned } from "./owned";
import {
  type CgroupDriver,
  type ClusterPlan,
  criSocket,
  type InitOptions,
  type JoinOptions,
  type NodePlan,
} from "./plan";
import type { Problem } from "./problem";
import type { KubeadmDocuments } from "./spec";
import { type ClusterConfiguration, type HostPathMount, kubeadmApi, kubeletApi, kubeProxyApi } from "./types";
import { normalVersion } from "./versions";

export { type CgroupDriver, type ClusterPlan, criSocket, type InitOptions, type JoinOptions, type NodePlan };

export interface Configuration {
  /** To be written with mode 0600: may hold a certificate key. */
  yaml: string;
  documents: Document[];
  /** Contradictions with the user's documents. Nothing may be run with any. */
  problems: Problem[];
}

/** For `kubeadm init --config`. */
export function initConfiguration(
  cluster: ClusterPlan,
  node: NodePlan,
  users: KubeadmDocuments = {},
  options: InitOptions = {},
): Configuration {
  const init: Document = {
    apiVersion: kubeadmApi,
    kind: "InitConfiguration",
    nodeRegistration: nodeRegistration(node),
    localAPIEndpoint: { advertiseAddress: advertiseAddress(node) },
    ...common(node, options),
    ...(options.certificateKey === undefined ? {} : { certificateKey: options.certificateKey }),
  };
  const documents = [
    overlay(init, users.initConfiguration),
    clusterDocument(cluster, users),
    overlay(kubeletConfiguration(cluster), users.kubeletConfiguration),
    overlay({ apiVersion: kubeProxyApi, kind: "KubeProxyConfiguration" }, users.kubeProxyConfiguration),
  ];
  return configuration(documents, users, ownedBy(cluster, node), node);
}

/** For `kubeadm join --config`. */
export function joinConfiguration(
  cluster: ClusterPlan,
  node: NodePlan,
  users: KubeadmDocuments,
  options: JoinOptions,
): Configuration {
  const join: Document = {
    apiVersion: kubeadmApi,
    kind: "JoinConfiguration",
    nodeRegistration: nodeRegistration(node),
    discovery: { file: { kubeConfigPath: options.discoveryFile } },
    ...common(node, options),
    ...(node.role === "controlPlane" ? { controlPlane: joinControlPlane(node, options.certificateKey) } : {}),
  };
  // A worker must not become a control plane because a document for all nodes speaks of control planes.
  const { controlPlane, ...others } = users.joinConfiguration ?? {};
  const said = node.role === "controlPlane" ? { ...others, controlPlane } : others;
  return configuration([overlay(join, said)], users, ownedBy(cluster, node), node);
}

/** The cluster-wide documents alone, to compare with what the cluster keeps in its ConfigMaps. */
export function clusterDocuments(cluster: ClusterPlan, users: KubeadmDocuments = {}) {
  return {
    clusterConfiguration: clusterDocument(cluster, users),
    kubeletConfiguration: overlay(kubeletConfiguration(cluster), users.kubeletConfiguration),
    kubeProxyConfiguration: overlay(
      { apiVersion: kubeProxyApi, kind: "KubeProxyConfiguration" },
      users.kubeProxyConfiguration,
    ),
  };
}

// No line breaks inside flags and no anchors, which readers of our files need not know; kubeadm reads YAML 1.1, to which a cluster
// named "n" would be false.
const yamlStyle = { lineWidth: 0, aliasDuplicateObjects: false, compat: "yaml-1.1" } as const;

export function toYaml(documents: readonly Document[]): string {
  return documents.map((document) => `---\n${stringify(document, yamlStyle)}`).join("");
}

/** The user's choice, else systemd: one writer of cgroups on a systemd host. The runtime is configured to match. */
export function cgroupDriverOf(users: KubeadmDocuments | undefined): CgroupDriver {
  return users?.kubeletConfiguration?.cgroupDriver === "cgroupfs" ? "cgroupfs" : "systemd";
}

/** Whether the user told kubeadm to leave a phase out, such as "addon/coredns" (or all of "addon"). */
export function skipsPhase(users: KubeadmDocuments | undefined, phase: string): boolean {
  const skipped = users?.initConfiguration?.skipPhases;
  const parent = phase.split("/")[0];
  const listed = Array.isArray(skipped) && skipped.some((name) => name === phase || name === parent);
  const component = { "addon/coredns": "dns", "addon/kube-proxy": "proxy" }[phase];
  const section = component === undefined ? undefined : users?.clusterConfiguration?.[component];
  return listed || (isDocument(section) && section.disabled === true);
}

function configuration(documents: Document[], users: KubeadmDocuments, owned: Owned, node: NodePlan): Configuration {
  const problems = [...documentProblems(users, owned), ...kubeletArgProblems(node)];
  return { yaml: toYaml(documents), documents, problems };
}

function ownedBy(cluster: ClusterPlan, node: NodePlan): Owned {
  const { name, patchesDirectory } = node;
  return { ...cluster, name, patchesDirectory, advertiseAddress: advertiseAddress(node), criSocket };
}

function advertiseAddress(node: NodePlan): string {
  const [address] = node.addresses;
  // Without one kubeadm looks for a default route, and without a route it advertises 0.0.0.0.
  if (address === undefined) throw new RangeError(`node ${node.name} has no address`);
  return address;
}

function common(node: NodePlan, options: { skipPhases?: readonly string[] }): Document {
  const phases = options.skipPhases ?? [];
  return {
    ...(phases.length === 0 ? {} : { skipPhases: [...phases] }),
    ...(node.patchesDirectory === undefined ? {} : { patches: { directory: node.patchesDirectory } }),
  };
}

function joinControlPlane(node: NodePlan, certificateKey: string | undefined): Document {
  return {
    localAPIEndpoint: { advertiseAddress: advertiseAddress(node) },
    ...(certificateKey === undefined ? {} : { certificateKey }),
  };
}

function clusterDocument(cluster: ClusterPlan, users: KubeadmDocuments): Document {
  const { kubernetesVersion, ...ours } = clusterConfiguration(cluster);
  // The user may write it without the "v", which kubeadm would take for an image's tag.
  return { ...overlay({ ...ours }, users.clusterConfiguration), kubernetesVersion };
}

function clusterConfiguration(cluster: ClusterPlan): ClusterConfiguration {
  const certSANs = cluster.certSANs ?? [];
  const extraVolumes = mounts(cluster.files ?? []);
  const apiServer = {
    ...(certSANs.length === 0 ? {} : { certSANs: [...certSANs] }),
    ...(extraVolumes.length === 0 ? {} : { extraVolumes }),
  };
  return {
    apiVersion: kubeadmApi,
    kind: "ClusterConfiguration",
    clusterName: cluster.clusterName,
    kubernetesVersion: `v${normalVersion(cluster.kubernetesVersion)}`,
    controlPlaneEndpoint: cluster.controlPlaneEndpoint,
    networking: {
      podSubnet: cluster.podCidr,
      serviceSubnet: cluster.serviceCidr,
      dnsDomain: cluster.dnsDomain,
    },
    ...(Object.keys(apiServer).length === 0 ? {} : { apiServer }),
    ...(cluster.imageRepository === undefined ? {} : { imageRepository: cluster.imageRepository }),
  };
}

/** Named after a digest of the path, as two paths can be the same name when made to fit. */
function mounts(files: readonly string[]): HostPathMount[] {
  return [...files].sort().map((path) => ({
    name: `file-${sha256(path).slice(0, 10)}`,
    hostPath: path,
    mountPath: path,
    readOnly: true,
    pathType: "File",
  }));
}

function kubeletConfiguration(cluster: ClusterPlan): Document {
  return {
    apiVersion: kubeletApi,
    kind: "KubeletConfiguration",
    cgroupDriver: cluster.cgroupDriver,
    rotateCertificates: true,
    serverTLSBootstrap: true,
  };
}
