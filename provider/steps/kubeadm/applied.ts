// What was last brought to a node, as digests: in a file on the host for the host's own, in the cluster's record for what all share.
import { createHash } from "node:crypto";
import { z } from "zod";
import type { Host } from "../../host/host";
import { journalDirectory } from "../../host/journalScript";
import type { Kubectl } from "../../host/kubectl";
import type { NodePlan } from "./context";
import { clusterWide, kubeletWish, servingNames } from "./documents";

export const appliedPath = `${journalDirectory}/applied.json`;

const appliedSchema = z.object({
  kubelet: z.string(),
  controlPlane: z.string(),
  /** Digest by path. */
  files: z.record(z.string(), z.string()),
  /** Flags of the kubelet that the program gave it. */
  flags: z.array(z.string()),
  /** In the API server's certificate, by the program. */
  names: z.array(z.string()).optional(),
});
export type Applied = z.infer<typeof appliedSchema>;

/** undefined: never finished here, so everything is due. */
export async function readApplied(host: Host): Promise<Applied | undefined> {
  const text = (await host.readFile(appliedPath))?.toString("utf8");
  return text === undefined ? undefined : appliedSchema.parse(JSON.parse(text));
}

export async function writeApplied(host: Host, plan: NodePlan): Promise<void> {
  await host.writeFile(appliedPath, `${JSON.stringify(appliedOf(plan))}\n`, 0o600);
}

/**
 * Before a change: whatever becomes of it, the next run does not take the host for what it was. Else a program that is
 * put back after a run that died would find its old digest and leave the half-made change where it is.
 */
export async function forgetApplied(
  host: Host,
  applied: Applied | undefined,
  what: "kubelet" | "controlPlane",
): Promise<void> {
  if (applied) await host.writeFile(appliedPath, `${JSON.stringify({ ...applied, [what]: changing })}\n`, 0o600);
}

/** After the kubelet alone was brought to what is wanted; the rest stays as it was written down. */
export async function rememberKubelet(host: Host, plan: NodePlan): Promise<void> {
  const applied = await readApplied(host);
  if (!applied) return;
  const { kubelet, flags } = appliedOf(plan);
  await host.writeFile(appliedPath, `${JSON.stringify({ ...applied, kubelet, flags })}\n`, 0o600);
}

export const changing = "changing";

export function appliedOf(plan: NodePlan): Applied {
  const worker = plan.role === "worker";
  return {
    kubelet: digest(kubeletWish(plan)),
    controlPlane: worker ? "" : digest(ofManifests(plan)),
    files: Object.fromEntries(Object.entries(plan.files).map(([path, file]) => [path, digest(file)])),
    flags: Object.keys(plan.kubeletExtraArgs ?? {}).sort(),
    ...(worker ? {} : { names: servingNames(plan) }),
  };
}

/** Endpoint and names of certificates stand in no manifest, and are followed for themselves: a cluster that moved starts nothing anew. */
function ofManifests(plan: NodePlan): object {
  const { controlPlaneEndpoint, apiServer, ...rest } = clusterWide(plan).clusterConfiguration;
  const { certSANs, ...server } = (apiServer ?? {}) as { certSANs?: unknown };
  return { ...rest, apiServer: server };
}

const record = { type: "configmaps", namespace: "kube-system", name: "pulumi-kubeadm" };

/** `upgrade`: the version that the last `kubeadm upgrade apply` brought, or that one is under way. */
export type Shared = "configuration" | "kube-proxy" | "network" | "upgrade";

/** Digests of what all nodes share. */
export function sharedOf(plan: NodePlan): Record<Exclude<Shared, "upgrade">, string> {
  const { clusterConfiguration, kubeletConfiguration, kubeProxyConfiguration } = clusterWide(plan);
  return {
    configuration: digest([clusterConfiguration, kubeletConfiguration]),
    "kube-proxy": digest([kubeProxyConfiguration, plan.kubernetesVersion, plan.network.podCidr]),
    network: plan.network.cni === "none" ? "none" : "flannel",
  };
}

export async function readShared(kubectl: Kubectl, what: Shared): Promise<string | undefined> {
  const found = await kubectl.get(record);
  const data = (found?.data ?? {}) as Record<string, string>;
  return data[`applied.${what}`];
}

export async function writeShared(kubectl: Kubectl, shared: Partial<Record<Shared, string>>): Promise<void> {
  const data = Object.fromEntries(Object.entries(shared).map(([what, value]) => [`applied.${what}`, value]));
  await kubectl.patch(record, { data });
}

export function digest(value: unknown): string {
  return createHash("sha256")
    .update(typeof value === "string" ? value : JSON.stringify(value))
    .digest("hex");
}
