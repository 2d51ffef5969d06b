// A change of static pods that is proven, or taken back: the new pods run and are ready, or the old manifests are put back.
import { setTimeout as sleep } from "node:timers/promises";
import type { Host } from "../../host/host";
import type { Kubectl } from "../../host/kubectl";
import { hasReason } from "../../host/kubeErrors";
import type { KubeObject } from "../../host/kubeObject";
import { UserError } from "../../lib/errors";
import type { Progress } from "../../lib/progress";
import { condition } from "../node/nodeState";

export const manifestDirectory = "/etc/kubernetes/manifests";
export const components = ["kube-apiserver", "kube-controller-manager", "kube-scheduler"] as const;
export type Component = (typeof components)[number];

const saved = "/etc/kubernetes/tmp/pulumi-kubeadm-manifests";
const save = `rm -rf ${saved}; mkdir -p -m 700 ${saved}; cp -p ${manifestDirectory}/kube-*.yaml ${saved}/`;
const restore = `for file in ${saved}/*.yaml; do mv -f "$file" ${manifestDirectory}/; done`;

export interface Proof {
  host: Host;
  kubectl: Kubectl;
  node: string;
  timeoutMs: number;
  progress: Progress;
}

export async function changeStaticPods(proof: Proof, change: () => Promise<void>): Promise<void> {
  const { host } = proof;
  const before = await Promise.all(components.map((component) => look(proof, component)));
  await host.sh(save);
  await change();
  const after = await Promise.all(components.map((component) => digest(host, component)));
  const changed = before.filter(({ manifest }, index) => manifest !== after[index]);
  try {
    for (const { component, pod } of changed) await replaced(proof, component, pod);
  } catch (error) {
    await host.sh(restore);
    const text = error instanceof Error ? error.message : String(error);
    throw new UserError(
      `${text}; its former manifest was put back`,
      "look at what `kubeadm.clusterConfiguration` and `files` say, and at /var/log/pods on the host",
      { cause: error },
    );
  }
  await host.run(["rm", "-rf", saved]);
}

interface Look {
  component: Component;
  manifest: string;
  /** Of the running pod: the digest of the manifest the kubelet read. */
  pod: string | undefined;
}

async function look(proof: Proof, component: Component): Promise<Look> {
  const [manifest, pod] = await Promise.all([digest(proof.host, component), running(proof, component)]);
  return { component, manifest, pod: pod?.metadata.annotations?.[hash] };
}

const hash = "kubernetes.io/config.hash";

async function replaced(proof: Proof, component: Component, before: string | undefined): Promise<void> {
  const { host, progress, timeoutMs } = proof;
  const over = Date.now() + timeoutMs;
  progress.say(`waiting for the changed ${component} on ${host.label}`);
  for (;;) {
    const pod = await seen(proof, component);
    const fresh = pod && pod.metadata.annotations?.[hash] !== before;
    if (fresh && condition(pod, "Ready")?.status === "True") return;
    if (Date.now() > over) throw new UserError(`${host.label}: the changed ${component} did not become ready`);
    await sleep(500);
  }
}

/** An API server that just started refuses everybody until it has read its roles. */
async function seen(proof: Proof, component: Component): Promise<KubeObject | undefined> {
  try {
    return await running(proof, component);
  } catch (error) {
    if (hasReason(error, "Forbidden", "Unavailable")) return undefined;
    throw error;
  }
}

/** As the kubelet itself has it: the mirror in the API follows a minute later. */
async function running({ kubectl, node }: Proof, component: Component): Promise<KubeObject | undefined> {
  const list = (await kubectl.raw(`/api/v1/nodes/${node}/proxy/pods`)) as { items?: KubeObject[] };
  return list.items?.find(
    ({ metadata }) =>
      metadata.namespace === "kube-system" &&
      metadata.name === `${component}-${node}` &&
      metadata.annotations?.["kubernetes.io/config.source"] === "file",
  );
}

async function digest(host: Host, component: Component): Promise<string> {
  const { stdout } = await host.run(["sha256sum", `${manifestDirectory}/${component}.yaml`]);
  return stdout.split(" ", 1)[0] ?? "";
}

/** The kubelet reads every file in the directory but hidden ones: staged beside it, renamed into it. */
export async function writeManifest(host: Host, component: Component, text: string): Promise<void> {
  const staged = `/etc/kubernetes/.${component}.yaml`;
  await host.writeFile(staged, text, 0o600);
  await host.run(["mv", "-f", staged, `${manifestDirectory}/${component}.yaml`]);
}
