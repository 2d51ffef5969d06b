// What the user's kubeadm documents may not decide, because the program's own arguments do: found before anything runs.
import { type Document, isDocument } from "../lib/merge";
import { isNamedList } from "./mergeRules";
import type { Problem } from "./problem";
import type { KubeadmDocuments } from "./spec";
import { kubeadmApi, kubeletApi, kubeProxyApi } from "./types";
import { parseVersion } from "./versions";

/** The program's own arguments; what is not known (yet) is left out. */
export interface Owned {
  clusterName?: string | undefined;
  kubernetesVersion?: string | undefined;
  controlPlaneEndpoint?: string | undefined;
  podCidr?: string | undefined;
  serviceCidr?: string | undefined;
  dnsDomain?: string | undefined;
  imageRepository?: string | undefined;
  name?: string | undefined;
  advertiseAddress?: string | undefined;
  criSocket?: string | undefined;
  cgroupDriver?: string | undefined;
  patchesDirectory?: string | undefined;
}

type Rule = [document: keyof KubeadmDocuments, field: string, argument: string, value: string | undefined];

/** Fields that a user may repeat, but not contradict. */
function rules(owned: Owned): Rule[] {
  const version = owned.kubernetesVersion && parseVersion(owned.kubernetesVersion)?.version;
  const registration: Rule[] = (["initConfiguration", "joinConfiguration"] as const).flatMap((document): Rule[] => [
    [document, "apiVersion", "", kubeadmApi],
    [document, "nodeRegistration.name", "name", owned.name],
    [document, "nodeRegistration.criSocket", "", owned.criSocket],
    [document, "patches.directory", "", owned.patchesDirectory],
  ]);
  return [
    ["clusterConfiguration", "apiVersion", "", kubeadmApi],
    ["clusterConfiguration", "clusterName", "the cluster's name", owned.clusterName],
    ["clusterConfiguration", "kubernetesVersion", "kubernetesVersion", version && `v${version}`],
    ["clusterConfiguration", "controlPlaneEndpoint", "endpoint", owned.controlPlaneEndpoint],
    ["clusterConfiguration", "networking.podSubnet", "network.podCidr", owned.podCidr],
    ["clusterConfiguration", "networking.serviceSubnet", "network.serviceCidr", owned.serviceCidr],
    ["clusterConfiguration", "networking.dnsDomain", "network.dnsDomain", owned.dnsDomain],
    ["clusterConfiguration", "imageRepository", "imageRepository", owned.imageRepository],
    ["clusterConfiguration", "certificatesDir", "", "/etc/kubernetes/pki"],
    ...registration,
    ["initConfiguration", "localAPIEndpoint.advertiseAddress", "address", owned.advertiseAddress],
    ["joinConfiguration", "controlPlane.localAPIEndpoint.advertiseAddress", "address", owned.advertiseAddress],
    ["kubeletConfiguration", "apiVersion", "", kubeletApi],
    ["kubeletConfiguration", "clusterDomain", "network.dnsDomain", owned.dnsDomain],
    ["kubeletConfiguration", "staticPodPath", "", "/etc/kubernetes/manifests"],
    ["kubeletConfiguration", "cgroupDriver", "", owned.cgroupDriver],
    ["kubeProxyConfiguration", "apiVersion", "", kubeProxyApi],
    ["kubeProxyConfiguration", "clusterCIDR", "network.podCidr", owned.podCidr],
  ];
}

/** Fields that are made anew at every run, or that would take the run out of our hands. */
const untouchable: readonly [document: keyof KubeadmDocuments, field: string, why: string][] = [
  ["initConfiguration", "certificateKey", "it is made when needed and lives minutes"],
  ["initConfiguration", "bootstrapTokens", "tokens are made when needed and live minutes"],
  ["joinConfiguration", "controlPlane.certificateKey", "it is made when needed and lives minutes"],
  ["joinConfiguration", "discovery", "the cluster's CA is brought to the host by the provider"],
  ["initConfiguration", "dryRun", "a run that changes nothing makes no cluster; use `pulumi preview`"],
  ["joinConfiguration", "dryRun", "a run that changes nothing joins nothing; use `pulumi preview`"],
];

/** Flags of the kubelet that come from the program's arguments. */
const ownedFlags: Readonly<Record<string, string>> = {
  "node-ip": "address",
  "hostname-override": "name",
  "provider-id": "providerId",
  "node-labels": "labels",
  "register-with-taints": "taints",
};

/** Every contradiction between the user's documents and the program's arguments, and what is not supported yet. */
export function documentProblems(documents: KubeadmDocuments, owned: Owned): Problem[] {
  return [
    ...rules(owned).flatMap((rule) => ruleProblem(documents, rule)),
    ...kindProblems(documents),
    ...untouchable.flatMap(([document, field, why]) => {
      const said = at(documents[document], field);
      return said === undefined || said === false
        ? []
        : [{ path: path(document, field), reason: `cannot be set: ${why}` }];
    }),
    ...externalEtcd(documents.clusterConfiguration),
    ...flagProblems(documents),
    ...Object.entries(documents).flatMap(([name, document]) => shapeProblems(document, path(name))),
  ];
}

function ruleProblem(documents: KubeadmDocuments, [document, field, argument, value]: Rule): Problem[] {
  const said = at(documents[document], field);
  if (said === undefined || value === undefined || same(field, said, value)) return [];
  const where = argument === "" ? "" : ` (set ${argument} instead)`;
  const what = said === null ? "cannot be taken out" : `is ${JSON.stringify(said)}`;
  return [{ path: path(document, field), reason: `${what}, but has to be "${value}"${where}` }];
}

function same(field: string, said: unknown, value: string): boolean {
  if (said === value) return true;
  // Written with and without the "v".
  return field === "kubernetesVersion" && typeof said === "string" && `v${said}` === value;
}

function kindProblems(documents: KubeadmDocuments): Problem[] {
  return Object.entries(documents).flatMap(([name, document]) => {
    const wanted = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
    const kind = document?.kind;
    return kind === undefined || kind === wanted ? [] : [{ path: path(name, "kind"), reason: `has to be "${wanted}"` }];
  });
}

function externalEtcd(document: Document | undefined): Problem[] {
  const said = at(document, "etcd.external");
  if (said === undefined || said === null) return [];
  const reason = "not supported yet: etcd runs on the control planes; leave etcd.external out";
  return [{ path: path("clusterConfiguration", "etcd.external"), reason }];
}

function flagProblems(documents: KubeadmDocuments): Problem[] {
  return (["initConfiguration", "joinConfiguration"] as const).flatMap((document) => {
    const field = "nodeRegistration.kubeletExtraArgs";
    const args = at(documents[document], field);
    const names = Array.isArray(args) ? args.map((arg: unknown) => (isDocument(arg) ? arg.name : undefined)) : [];
    return names.flatMap((name) => {
      const reason = typeof name === "string" ? ownedFlagReason(name) : undefined;
      return reason === undefined ? [] : [{ path: path(document, field), reason }];
    });
  });
}

export function ownedFlagReason(flag: string): string | undefined {
  const argument = Object.hasOwn(ownedFlags, flag) ? ownedFlags[flag] : undefined;
  return argument === undefined ? undefined : `"${flag}" comes from the node's ${argument}; set that instead`;
}

/** v1beta3 had maps where v1beta4 has lists of names; kubeadm would only say "cannot unmarshal". */
function shapeProblems(value: unknown, at: string): Problem[] {
  if (!isDocument(value)) return [];
  return Object.entries(value).flatMap(([key, field]) => {
    const here = `${at}.${key}`;
    if (!isNamedList(key) || field === null || field === undefined) return shapeProblems(field, here);
    const named = Array.isArray(field) && field.every((entry) => isDocument(entry) && typeof entry.name === "string");
    return named ? [] : [{ path: here, reason: "has to be a list of { name, … } (kubeadm v1beta4)" }];
  });
}

function path(...parts: string[]): string {
  return ["kubeadm", ...parts].join(".");
}

/** undefined where nothing is said; null where it, or something it is in, is taken out. */
function at(document: Document | undefined, field: string): unknown {
  const step = (value: unknown, key: string) => (isDocument(value) ? value[key] : value === null ? null : undefined);
  return field.split(".").reduce<unknown>(step, document);
}
