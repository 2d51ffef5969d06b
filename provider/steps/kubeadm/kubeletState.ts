// What the kubelet on a host is told right now, compared with what the program wants.
import { parse } from "yaml";
import type { Host } from "../../host/host";
import type { NodePlan } from "./context";
import { clusterWide } from "./documents";
import { holds } from "./holds";
import { hasFlags, withFlags } from "./kubeletFlags";

export const kubeletConfigPath = "/var/lib/kubelet/config.yaml";
export const kubeletFlagsPath = "/var/lib/kubelet/kubeadm-flags.env";

/** Somebody changed it on the host, or an update did not get this far. */
export async function kubeletDrifted(host: Host, plan: NodePlan): Promise<boolean> {
  const [config, flags] = await Promise.all([host.readFile(kubeletConfigPath), host.readFile(kubeletFlagsPath)]);
  if (config === undefined || flags === undefined) return true;
  if (!hasFlags(flags.toString("utf8"), plan.kubeletExtraArgs ?? {})) return true;
  return !holds(parse(config.toString("utf8")), clusterWide(plan).kubeletConfiguration);
}

/** The program's flags into the file that kubeadm keeps; those it gave before and names no longer go. */
export async function writeKubeletFlags(host: Host, plan: NodePlan, before: readonly string[]): Promise<void> {
  const flags = (await host.readFile(kubeletFlagsPath))?.toString("utf8") ?? "";
  const { kubeletExtraArgs, providerId } = plan;
  const wanted = { ...kubeletExtraArgs, ...(providerId === undefined ? {} : { "provider-id": providerId }) };
  await host.writeFile(kubeletFlagsPath, withFlags(flags, wanted, before), 0o644);
}
