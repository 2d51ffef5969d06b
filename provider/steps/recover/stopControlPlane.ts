// The static pods are taken from the kubelet, which ends them in order; a stopped kubelet would leave them running.

import { setTimeout as sleep } from "node:timers/promises";
import type { Host } from "../../host/host";
import { UserError } from "../../lib/errors";
import { manifestDirectory } from "../kubeadm/staticPodManifest";
import type { Step } from "../step";
import { type RecoverContext, workDirectory } from "./context";

export const pods = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"] as const;
export const asideManifests = `${workDirectory}/manifests`;

const takeAway = `
mkdir -p -m 700 ${asideManifests}
for pod in ${pods.join(" ")}; do
  if [ -e ${manifestDirectory}/$pod.yaml ]; then mv ${manifestDirectory}/$pod.yaml ${asideManifests}/; fi
done
systemctl is-active --quiet kubelet || systemctl start kubelet
`;

export const stopControlPlane: Step<RecoverContext> = {
  title: "stop the control plane",
  when: ({ plan }) => plan.rebuild === undefined,
  run: async ({ host, progress, readyMs }) => {
    if (await putBack(host)) return;
    await host.sh(takeAway);
    const over = Date.now() + readyMs;
    for (;;) {
      const { stdout } = await host.sh(`ss -Hltn '( sport = :2379 or sport = :2380 or sport = :6443 )'`);
      if (stdout.trim() === "") return;
      if (Date.now() > over)
        throw new UserError(
          `${host.label}: etcd or the API server still runs, though its manifest is gone`,
          "look at `journalctl -u kubelet` on the host, then run again",
        );
      progress.say(`waiting on ${host.label} until etcd and the API server have ended`);
      await sleep(1000);
    }
  },
};

/** An earlier run came as far as starting the recovered etcd: it is not stopped again. */
async function putBack(host: Host): Promise<boolean> {
  const { code } = await host.sh(`[ -d ${asideManifests} ] && [ ! -e ${asideManifests}/etcd.yaml ]`, [], {
    ok: [0, 1],
  });
  return code === 0;
}
