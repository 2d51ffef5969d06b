// Which versions run on a node and what the cluster's configuration says, looked at where they are: the state may be behind.
import { parse } from "yaml";
import type { Host } from "../../host/host";
import type { Kubectl } from "../../host/kubectl";
import { UserError } from "../../lib/errors";
import { changing, readShared } from "../kubeadm/applied";
import type { NodePlan } from "../kubeadm/context";
import { condition, kubeletVersion } from "../node/nodeState";
import { type Aside, asideOf } from "./aside";

export interface Found {
  /** Of the kubelet that reports, with "v"; undefined when the cluster has no such Node. */
  kubelet: string | undefined;
  ready: boolean;
  /** Of the kubelet's program in its place. */
  program: string;
  /** Of the images in the manifests of the control plane's pods. */
  staticPods: readonly string[];
  /** `kubernetesVersion` of kubeadm-config. */
  configured: string;
  /** An `upgrade apply` was begun and not finished. */
  applying: boolean;
  /** What an upgrade of this node that did not end has left. */
  aside: Aside | undefined;
}

const script = `
for component in kube-apiserver kube-controller-manager kube-scheduler; do
  manifest=/etc/kubernetes/manifests/$component.yaml
  if [ -e "$manifest" ]; then sed -n 's/^ *image: .*:\\([^:]*\\)$/\\1/p' "$manifest" | tr -d '"'; fi
done
`;

/** Of the images in the manifests of the control plane's pods; none on a worker. */
export async function manifestVersions(host: Host): Promise<string[]> {
  const { stdout } = await host.sh(script);
  return stdout.split("\n").filter((version) => version !== "");
}

export async function lookAtVersions(host: Host, kubectl: Kubectl, { name }: NodePlan): Promise<Found> {
  const [program, pods, node, configured, shared] = await Promise.all([
    host.run(["kubelet", "--version"]),
    manifestVersions(host),
    kubectl.get({ type: "nodes", name }),
    configuredVersion(kubectl),
    readShared(kubectl, "upgrade"),
  ]);
  return {
    kubelet: node && kubeletVersion(node),
    ready: node !== undefined && condition(node, "Ready")?.status === "True",
    program: program.stdout.trim().replace(/^Kubernetes /, ""),
    staticPods: pods,
    configured,
    applying: shared === changing,
    aside: node && asideOf(node),
  };
}

export async function configuredVersion(kubectl: Kubectl): Promise<string> {
  const found = await kubectl.get({ type: "configmaps", namespace: "kube-system", name: "kubeadm-config" });
  const text = (found?.data as Record<string, string> | undefined)?.ClusterConfiguration;
  const version: unknown = text === undefined ? undefined : parse(text)?.kubernetesVersion;
  if (typeof version === "string") return version;
  throw new UserError(
    `${kubectl.label}: the cluster's ConfigMap kubeadm-config names no version`,
    "restore it with `kubeadm init phase upload-config kubeadm`",
  );
}
