// Whether a node has to be upgraded, and what of it: from what was found and what is wanted. Pure.
import { minorOf, parseVersion } from "../../kubeadm/versions";
import type { NodePlan } from "../kubeadm/context";
import type { Found } from "./found";

type Wanted = Pick<NodePlan, "kubernetesVersion" | "role">;

/** `upgrade apply`: for the whole cluster, by the first control plane that is upgraded. */
export function applyDue({ configured, applying }: Found, { kubernetesVersion, role }: Wanted): boolean {
  return role === "controlPlane" && (applying || configured !== `v${kubernetesVersion}`);
}

/** The kubelet that reports, or the program it would start from. */
export function kubeletDue({ kubelet, program }: Found, { kubernetesVersion }: Wanted): boolean {
  return [kubelet ?? program, program].some((version) => version !== `v${kubernetesVersion}`);
}

/**
 * kubeadm's part comes before the kubelet's, and all of it again as long as the kubelet is the old one: it finds what is done and
 * goes on from there.
 */
export function kubeadmDue(found: Found, wanted: Wanted): boolean {
  const { kubernetesVersion } = wanted;
  return (
    applyDue(found, wanted) ||
    kubeletDue(found, wanted) ||
    found.staticPods.some((version) => version !== `v${kubernetesVersion}`)
  );
}

/** Empty, or with an upgrade of it still to be ended. */
export function upgradeDue(found: Found, wanted: Wanted): boolean {
  return kubeadmDue(found, wanted) || found.aside !== undefined;
}

/** Whether pods have to leave before the kubelet is replaced: always on a worker, on a control plane for a new minor. */
export function drainDue(found: Found, wanted: Wanted): boolean {
  if (found.aside?.cordoned) return true;
  if (!kubeletDue(found, wanted)) return false;
  const before = found.kubelet ?? found.program;
  return wanted.role === "worker" || minorOf(before) !== minorOf(wanted.kubernetesVersion);
}

/** What runs is ahead of what is wanted: kubeadm has no way back. */
export function downgrade(found: Found, { kubernetesVersion }: Wanted): string | undefined {
  const wanted = parseVersion(kubernetesVersion);
  return [found.configured, ...found.staticPods, found.kubelet ?? found.program].find(
    (version) => wanted !== undefined && (parseVersion(version)?.compare(wanted) ?? 0) > 0,
  );
}
