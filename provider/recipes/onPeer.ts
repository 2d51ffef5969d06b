// Work on another control plane of the program, which no leaf but its own would touch otherwise.
import type { Host } from "../host/host";
import { withHost } from "../host/open";
import type { Target } from "../kubeadm/spec";
import type { ClusterContext } from "../steps/kubeadm/context";

export async function onPeer(
  { plan: { reach, timeouts }, progress }: ClusterContext,
  name: string,
  work: (host: Host, target: Target) => Promise<void>,
): Promise<void> {
  const target = reach[name];
  if (target) await withHost({ name, target, timeouts, progress, exclusive: true }, (host) => work(host, target));
}
