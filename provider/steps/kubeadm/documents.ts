// The plan of a node as kubeadm's documents; what they must not contradict is refused before anything runs. Pure.
import { parseAllDocuments } from "yaml";
import {
  type ClusterPlan,
  type Configuration,
  cgroupDriverOf,
  clusterDocuments,
  criSocket,
  type NodePlan as DocumentedNode,
  type InitOptions,
  initConfiguration,
  joinConfiguration,
  toYaml,
} from "../../kubeadm/configuration";
import { describe } from "../../kubeadm/problem";
import { kubeadmApi } from "../../kubeadm/types";
import { RefusedError } from "../../lib/errors";
import type { NodePlan } from "./context";
import { wantedMeta } from "./wanted";

/** Phases of an init that come later: CoreDNS with the network, nobody reads the join command. */
const later = ["addon/coredns", "show-join-command"] as const;

export function clusterPlan({
  clusterName,
  kubernetesVersion,
  endpoint,
  network,
  kubeadm,
  files,
}: NodePlan): ClusterPlan {
  return {
    clusterName,
    kubernetesVersion,
    controlPlaneEndpoint: endpoint,
    podCidr: network.podCidr,
    serviceCidr: network.serviceCidr,
    dnsDomain: network.dnsDomain,
    cgroupDriver: cgroupDriverOf(kubeadm),
    files: Object.keys(files),
  };
}

function documentedNode(plan: NodePlan): DocumentedNode {
  const { name, role, schedulable, target, labels, taints, providerId, kubeletExtraArgs, preflightIgnore } = plan;
  return {
    name,
    role,
    schedulable,
    addresses: target.address.split(",").map((address) => address.trim()),
    labels,
    taints: role === "worker" ? taints : wantedMeta(plan).taints,
    providerId,
    kubeletExtraArgs,
    ignorePreflightErrors: preflightIgnore,
  };
}

/** Before anything runs: what the documents and the program's arguments say against each other. */
export function refuseContradictions(plan: NodePlan): void {
  phaseDocuments(plan);
  joinDocuments(plan, "/");
}

/** For `kubeadm init` itself. */
export function initDocuments(plan: NodePlan): string {
  return accepted(initConfiguration(clusterPlan(plan), documentedNode(plan), plan.kubeadm, { skipPhases: later }));
}

/** For a single phase of init, which the list of phases to skip would skip as well. */
export function phaseDocuments(plan: NodePlan, options: InitOptions = {}): string {
  return accepted(initConfiguration(clusterPlan(plan), documentedNode(plan), plan.kubeadm, options));
}

export interface Certificates {
  /** Where the authority is and the certificate goes. */
  directory: string;
  /** In the API server's certificate, beside those that kubeadm knows by itself. */
  names: readonly string[];
}

/** For the phases that issue certificates, beside the place where they are used. */
export function certificateDocuments(plan: NodePlan, { directory, names }: Certificates): string {
  const documents = parseAllDocuments(phaseDocuments(plan));
  for (const document of documents) {
    if (document.get("kind") !== "ClusterConfiguration") continue;
    document.set("certificatesDir", directory);
    document.setIn(["apiServer", "certSANs"], names);
  }
  return toYaml(documents.map((document) => document.toJS()));
}

/** What the program wants in the API server's certificate. */
export function servingNames(plan: NodePlan): string[] {
  const { apiServer } = clusterWide(plan).clusterConfiguration as { apiServer?: { certSANs?: string[] } };
  return apiServer?.certSANs ?? [];
}

/** `certificateKey`: only for a control plane. */
export function joinDocuments(plan: NodePlan, discoveryFile: string, certificateKey?: string): string {
  const options = certificateKey === undefined ? { discoveryFile } : { discoveryFile, certificateKey };
  return accepted(joinConfiguration(clusterPlan(plan), documentedNode(plan), plan.kubeadm ?? {}, options));
}

/** The cluster's half of the configuration, as it is compared and remembered. */
export function clusterWide(plan: NodePlan) {
  return clusterDocuments(clusterPlan(plan), plan.kubeadm);
}

/** What the kubelet of this node is told, in one text: equal texts need no restart. */
export function kubeletWish(plan: NodePlan): string {
  const { kubeletConfiguration } = clusterWide(plan);
  const { kubeletExtraArgs = {}, providerId = "", target, role, kubeadm } = plan;
  const document =
    role === "worker" ? kubeadm?.joinConfiguration : (kubeadm?.initConfiguration ?? kubeadm?.joinConfiguration);
  return JSON.stringify([
    kubeletConfiguration,
    kubeletExtraArgs,
    providerId,
    target.address,
    document?.nodeRegistration,
  ]);
}

export function resetDocument(): string {
  return toYaml([
    {
      apiVersion: kubeadmApi,
      kind: "ResetConfiguration",
      force: true,
      cleanupTmpDir: true,
      certificatesDir: "/etc/kubernetes/pki",
      criSocket,
      ignorePreflightErrors: ["all"],
    },
  ]);
}

/** A kubeconfig that pins the cluster's CA and carries the token of this one join. */
export function discoveryDocument(endpoint: string, ca: string, token: string): string {
  const cluster = { server: `https://${endpoint}`, "certificate-authority-data": Buffer.from(ca).toString("base64") };
  return toYaml([
    {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "kubernetes", cluster }],
      users: [{ name: "bootstrap", user: { token } }],
      contexts: [{ name: "bootstrap", context: { cluster: "kubernetes", user: "bootstrap" } }],
      "current-context": "bootstrap",
    },
  ]);
}

function accepted({ yaml, problems }: Configuration): string {
  if (problems.length > 0) throw new RefusedError(problems.map(describe).join("\n  "));
  return yaml;
}
