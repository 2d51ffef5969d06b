// Takes the cluster off a host, also one that never got far: kubeadm's own reset and what it leaves.
import type { Host } from "../../host/host";
import { deadline, type Timeouts } from "../../kubeadm/spec";
import { UserError } from "../../lib/errors";
import type { Progress } from "../../lib/progress";
import { appliedPath } from "./applied";
import { runDirectory } from "./context";
import { resetDocument } from "./documents";
import { observe } from "./observe";
import { runKubeadm } from "./runKubeadm";

// Without admin.conf reset asks no API, which may be down for good: members and Nodes are taken out by us beforehand.
// What the kubelet has asked for before it was stopped is ended with it.
const before = `
if systemctl is-active --quiet kubelet; then systemctl stop kubelet; fi
rm -f /etc/kubernetes/admin.conf /etc/kubernetes/super-admin.conf
`;

// A bridge with the subnet of an earlier life makes every pod of the next one fail, and its logs count as restarts of the next
// one's static pods. What was there before the preparation stays.
const leftovers = `
before=/var/lib/pulumi-kubeadm/before/links
for link in cni0 flannel.1 flannel-v6.1; do
  [ -e "/sys/class/net/$link" ] || continue
  if [ -e "$before" ] && grep -qx "$link" "$before"; then continue; fi
  ip link delete "$link"
done
rm -rf /run/flannel /var/lib/cni/networks /var/lib/cni/flannel
rm -f /etc/cni/net.d/*flannel*
rm -rf /var/log/pods/* /var/log/containers/*
rm -f ${appliedPath} ${runDirectory}/*.yaml ${runDirectory}/*.conf
`;

/** A container that was just being started as a join was killed begins its work behind the reset's back: the next one sees it. */
const tries = 3;

export interface ResetOptions {
  timeouts: Timeouts | undefined;
  progress: Progress;
}

export async function resetNode(host: Host, { timeouts, progress }: ResetOptions): Promise<void> {
  const timeoutMs = deadline(timeouts, "reset");
  const config = `${runDirectory}/reset.yaml`;
  await host.writeFile(config, resetDocument(), 0o600);
  await host.sh(before);
  for (let attempt = 1; ; attempt += 1) {
    await runKubeadm(host, ["reset", "--config", config], { timeoutMs, progress });
    await host.sh(leftovers);
    const { parts } = await observe(host);
    if (parts.length === 0) return;
    if (attempt === tries)
      throw new UserError(
        `${host.label}: kubeadm reset left ${parts.join(", ")}`,
        `look at \`kubeadm reset\` on the host; remove these when nothing of the cluster runs there any more`,
      );
    progress.say(`${parts.join(", ")} came after the reset of ${host.label}: once more`);
  }
}
