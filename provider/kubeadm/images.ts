// Which container images a node needs, and in which order.
import { type Document, isDocument } from "../lib/merge";
import { companions, defaultVersions } from "./companions";
import type { Network } from "./spec";
import { normalVersion } from "./versions";

export const defaultRegistry = "registry.k8s.io";

export interface ImagePlan {
  kubernetesVersion: string;
  role: "controlPlane" | "worker";
  cni: Network["cni"];
  imageRepository?: string | undefined;
  /** The user's own: its etcd and dns sections may name other images. */
  clusterConfiguration?: Document | undefined;
}

export interface Images {
  /** Needed before init or join can be done. */
  first: string[];
  /** Needed afterwards: can be brought while the first ones start. */
  rest: string[];
}

export function imagesFor(plan: ImagePlan): Images {
  const proxy = kubernetesImage("kube-proxy", plan);
  const network = flannelImages(plan.cni);
  const agents = network === undefined ? [proxy] : [proxy, network.plugin, network.flannel];
  const pause = pauseImage(plan.kubernetesVersion, repositoryOf(plan));
  if (plan.role === "worker") return { first: [pause, ...agents], rest: [dnsImage(plan)] };
  const servers = ["kube-apiserver", "kube-controller-manager", "kube-scheduler"];
  const planes = servers.map((name) => kubernetesImage(name, plan));
  return { first: [pause, etcdImage(plan), ...planes], rest: [...agents, dnsImage(plan)] };
}

export function pauseImage(kubernetesVersion: string, imageRepository?: string): string {
  return `${imageRepository ?? defaultRegistry}/pause:${companions(kubernetesVersion).pause}`;
}

function repositoryOf({ imageRepository, clusterConfiguration }: ImagePlan): string {
  return imageRepository ?? text(clusterConfiguration, "imageRepository") ?? defaultRegistry;
}

function kubernetesImage(name: string, plan: ImagePlan): string {
  return `${repositoryOf(plan)}/${name}:v${normalVersion(plan.kubernetesVersion)}`;
}

function etcdImage(plan: ImagePlan): string {
  const etcd = section(plan.clusterConfiguration, "etcd");
  const local = section(etcd, "local");
  const tag = text(local, "imageTag") ?? companions(plan.kubernetesVersion).etcd;
  return `${text(local, "imageRepository") ?? repositoryOf(plan)}/etcd:${tag}`;
}

function dnsImage(plan: ImagePlan): string {
  const dns = section(plan.clusterConfiguration, "dns");
  const repository = text(dns, "imageRepository") ?? repositoryOf(plan);
  // Upstream keeps it one level deeper; a repository of one's own is flat.
  const place = repository === defaultRegistry ? `${repository}/coredns` : repository;
  return `${place}/coredns:${text(dns, "imageTag") ?? companions(plan.kubernetesVersion).coredns}`;
}

export interface FlannelImages {
  flannel: string;
  plugin: string;
}

/** undefined where flannel is not the cluster's network. */
export function flannelImages(cni: Network["cni"]): FlannelImages | undefined {
  if (cni === "none") return undefined;
  const { version = defaultVersions.flannel, image, pluginImage } = cni.flannel;
  return {
    flannel: withTag(image ?? "ghcr.io/flannel-io/flannel", `v${version.replace(/^v/, "")}`),
    plugin: withTag(pluginImage ?? "ghcr.io/flannel-io/flannel-cni-plugin", `v${defaultVersions.flannelCniPlugin}`),
  };
}

/** An image that names its tag or digest keeps it. */
function withTag(image: string, tag: string): string {
  const { tag: own, digest } = splitImage(image);
  return own !== undefined || digest !== undefined ? image : `${image}:${tag}`;
}

export interface ImageName {
  registry: string;
  repository: string;
  tag?: string;
  digest?: string;
}

/** By the rules of the container world: the first part is a registry if it has a "." or a ":" or is localhost. */
export function splitImage(image: string): ImageName {
  const [name = "", digest] = image.split("@");
  const colon = name.lastIndexOf(":");
  const tagged = colon > name.lastIndexOf("/");
  const path = tagged ? name.slice(0, colon) : name;
  const [head = "", ...parts] = path.split("/");
  const named = parts.length > 0 && (/[.:]/.test(head) || head === "localhost");
  return {
    registry: named ? head : "docker.io",
    repository: named ? parts.join("/") : parts.length === 0 ? `library/${head}` : path,
    ...(tagged ? { tag: name.slice(colon + 1) } : {}),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** The same image in another registry. */
export function inRegistry(image: string, registry: string): string {
  const { repository, tag, digest } = splitImage(image);
  return `${registry}/${repository}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
}

function section(document: Document | undefined, key: string): Document | undefined {
  const value = document?.[key];
  return isDocument(value) ? value : undefined;
}

function text(document: Document | undefined, key: string): string | undefined {
  const value = document?.[key];
  return typeof value === "string" && value !== "" ? value : undefined;
}
