// A kubelet that was started again, proven by what it reports.
import { setTimeout as sleep } from "node:timers/promises";
import type { Host } from "../../host/host";
import type { Kubectl } from "../../host/kubectl";
import { UserError } from "../../lib/errors";
import type { Progress } from "../../lib/progress";
import { condition } from "../node/nodeState";

interface Restart {
  host: Host;
  kubectl: Kubectl;
  node: string;
  timeoutMs: number;
  progress: Progress;
}

/** The Node stays Ready for a while whatever becomes of its kubelet: only a new report tells that this one runs. */
export async function restartKubelet({ host, kubectl, node, timeoutMs, progress }: Restart): Promise<void> {
  const lastReport = async () => {
    const found = await kubectl.get({ type: "nodes", name: node });
    return found && condition(found, "Ready")?.lastHeartbeatTime;
  };
  const before = await lastReport();
  await host.run(["systemctl", "restart", "kubelet"]);
  progress.say(`waiting for the kubelet on ${host.label} to report`);
  const over = Date.now() + timeoutMs;
  for (;;) {
    const report = await lastReport();
    if (report !== undefined && report !== before) return;
    if (Date.now() > over) {
      throw new UserError(
        `${host.label}: the kubelet was started with its new configuration and reported nothing`,
        "look at `journalctl -u kubelet` there, and at what `kubeadm.kubeletConfiguration` and `kubeletExtraArgs` say",
      );
    }
    await sleep(500);
  }
}
