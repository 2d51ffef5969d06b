// What a refresh finds of a node: in the cluster and on its host, each told apart from not having been able to ask.
import type { Kubectl } from "../host/kubectl";
import type { KubeObject } from "../host/kubeObject";
import { withHost } from "../host/open";
import { withControlPlane } from "../host/reach";
import type { Soonest } from "../kubeadm/certificates";
import { AuthenticationError, HostKeyError, UnreachableError } from "../lib/errors";
import type { Progress } from "../lib/progress";
import { frontDrift } from "../steps/front/frontDrift";
import type { NodePlan } from "../steps/kubeadm/context";
import { kubeletDrifted } from "../steps/kubeadm/kubeletState";
import { observe } from "../steps/kubeadm/observe";
import { type NodeMeta, nodeDrift } from "../steps/node/meta";
import { kubeletVersion } from "../steps/node/nodeState";
import { asideOf } from "../steps/upgrade/aside";
import { certificatesOf } from "./renewCertificates";

export interface NodeSurvey {
  /** Proven: the cluster has no such Node and the host holds no part of it. */
  gone: boolean;
  drift: string[];
  /** What the node has of the program's labels, taints and annotations. */
  meta: NodeMeta;
  /** Of a control plane whose host was reached: its certificate that ends first. */
  certificate: Soonest | undefined;
  /** Of the kubelet that reports; undefined where nobody could be asked. */
  nodeVersion: string | undefined;
}

export async function surveyNode(plan: NodePlan, progress: Progress): Promise<NodeSurvey> {
  const { name, reach, target, timeouts, labels, taints, annotations } = plan;
  const [host, cluster] = await Promise.all([
    asked(plan, progress, () =>
      withHost({ name, target, timeouts, progress, exclusive: false }, async (reached) => {
        const { parts } = await observe(reached);
        const empty = !parts.includes("/etc/kubernetes/kubelet.conf");
        const certificate = empty || plan.role === "worker" ? undefined : await certificatesOf(reached);
        const front = empty ? [] : await frontDrift(reached, plan.front);
        return { empty, certificate, front, kubelet: !empty && (await kubeletDrifted(reached, plan)) };
      }),
    ),
    asked(plan, progress, () =>
      withControlPlane({ reach, timeouts, progress }, ({ kubectl }) => lookUp(kubectl, name)),
    ),
  ]);
  const known = { labels, taints, annotations };
  const node = cluster?.node;
  const drift = [
    ...(cluster && !node ? [`${name} is no node of the cluster`] : []),
    ...(node ? versionDrift(node, plan) : []),
    ...(node && asideOf(node) ? ["an upgrade of it did not end"] : []),
    ...(host?.empty ? ["its host holds no part of the cluster"] : []),
    ...(host?.front ?? []),
    ...(host?.kubelet ? ["the kubelet's configuration was changed on the host"] : []),
  ];
  const gone = Boolean(cluster && !node && host?.empty);
  const nodeVersion = node && kubeletVersion(node);
  return { gone, drift, meta: node ? nodeDrift(node, known) : known, certificate: host?.certificate, nodeVersion };
}

async function lookUp(kubectl: Kubectl, name: string): Promise<{ node: KubeObject | undefined }> {
  return { node: await kubectl.get({ type: "nodes", name }) };
}

function versionDrift(node: KubeObject, { kubernetesVersion }: NodePlan): string[] {
  const version = kubeletVersion(node);
  return version === `v${kubernetesVersion}` ? [] : [`the kubelet runs ${version}`];
}

/** undefined: nobody could be asked, so nothing is known and the state stays as it is. */
async function asked<T>({ name }: NodePlan, progress: Progress, ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    const unasked =
      error instanceof UnreachableError || error instanceof AuthenticationError || error instanceof HostKeyError;
    if (!unasked) throw error;
    progress.warn(`${name} is unreachable, so its last known state is kept: ${error.message.split("\n")[0]}`);
    return undefined;
  }
}
