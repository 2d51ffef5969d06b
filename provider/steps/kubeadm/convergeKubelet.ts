// The kubelet's configuration from the cluster and its flags from the program; restarted only when they differ.
import { setTimeout as sleep } from "node:timers/promises";
import type { Host } from "../../host/host";
import type { Kubectl } from "../../host/kubectl";
import { deadline } from "../../kubeadm/spec";
import { UserError } from "../../lib/errors";
import type { Progress } from "../../lib/progress";
import { condition } from "../node/nodeState";
import type { Step } from "../step";
import { appliedOf, forgetApplied, readApplied } from "./applied";
import type { ClusterContext } from "./context";
import { withFlags } from "./kubeletFlags";
import { kubeletDrifted, kubeletFlagsPath } from "./kubeletState";
import { runKubeadm } from "./runKubeadm";

export const convergeKubelet: Step<ClusterContext> = {
  title: "converge the kubelet's configuration",
  run: async ({ host, kubectl, plan, progress }) => {
    const applied = await readApplied(host);
    if (applied?.kubelet === appliedOf(plan).kubelet && !(await kubeletDrifted(host, plan)))
      return ensureRegistered(host, kubectl, plan.name);
    progress.say(`writing the kubelet's configuration on ${host.label}`);
    await forgetApplied(host, applied, "kubelet");
    // From the ConfigMap, which the control planes brought up to date before: the same on every node.
    await runKubeadm(host, ["upgrade", "node", "phase", "kubelet-config"], {
      timeoutMs: deadline(plan.timeouts, "apply"),
    });
    const flags = (await host.readFile(kubeletFlagsPath))?.toString("utf8") ?? "";
    const wanted = {
      ...plan.kubeletExtraArgs,
      ...(plan.providerId === undefined ? {} : { "provider-id": plan.providerId }),
    };
    await host.writeFile(kubeletFlagsPath, withFlags(flags, wanted, applied?.flags ?? []), 0o644);
    await restartKubelet({ host, kubectl, node: plan.name, timeoutMs: deadline(plan.timeouts, "ready"), progress });
  },
};

interface Restart {
  host: Host;
  kubectl: Kubectl;
  node: string;
  timeoutMs: number;
  progress: Progress;
}

/** The Node stays Ready for a while whatever becomes of its kubelet: only a new report tells that this one runs. */
async function restartKubelet({ host, kubectl, node, timeoutMs, progress }: Restart): Promise<void> {
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

/** A kubelet registers its node when it starts and never again, so a Node that was deleted needs a new start. */
async function ensureRegistered(host: Host, kubectl: Kubectl, node: string): Promise<void> {
  const registered = (await kubectl.get({ type: "nodes", name: node })) !== undefined;
  await host.sh(
    registered ? "systemctl is-active --quiet kubelet || systemctl restart kubelet" : "systemctl restart kubelet",
  );
}
