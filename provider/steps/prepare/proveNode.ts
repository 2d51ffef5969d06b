import { deadline } from "../../kubeadm/spec";
import { CommandError, UserError } from "../../lib/errors";
import type { Step } from "../step";
import type { PrepareContext } from "./context";
import { forgetRestarts } from "./restarts";

/**
 * $1: seconds. containerd with its CRI, the kubelet by its own healthz, and the API server of a control plane by its own
 * address: the endpoint may be answered by another one. Prints what does not answer when the time is over.
 */
const script = `
over=$(($(date +%s) + $1))
ask() { timeout 10 kubectl --cache-dir /run/pulumi-kubeadm/kubectl --request-timeout 5s "$@"; }
setting() { sed -n "s/^$1: *//p" /var/lib/kubelet/config.yaml | tr -d '"'; }
runtime() { timeout 10 ctr plugins ls | awk '$1 == "io.containerd.grpc.v1" && $2 == "cri" && $NF == "ok" { found = 1 } END { exit !found }'; }
kubelet() {
  port=$(setting healthzPort)
  address=$(setting healthzBindAddress)
  case "$address" in '' | 0.0.0.0) address=127.0.0.1 ;; *:*) address="[$address]" ;; esac
  if [ "$port" = 0 ]; then systemctl is-active --quiet kubelet.service
  else ask --kubeconfig /dev/null --server "http://$address:\${port:-10248}" get --raw /healthz; fi
}
api() {
  manifest=/etc/kubernetes/manifests/kube-apiserver.yaml
  [ -e "$manifest" ] || return 0
  own=$(sed -n 's|^ *kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint: *||p' "$manifest" | tr -d '"')
  ask --kubeconfig /etc/kubernetes/admin.conf --server "https://$own" get --raw /readyz
}
until failed="container runtime" && answer=$(runtime 2>&1) && failed=kubelet && answer=$(kubelet 2>&1) && failed="API server" && answer=$(api 2>&1); do
  if [ "$(date +%s)" -ge $over ]; then printf 'its %s does not answer: %s\\n' "$failed" "$answer" >&2; exit 3; fi
  sleep 1
done
${forgetRestarts}`;

/** What was restarted under a running node answers again, before another node's turn. */
export const proveNode: Step<PrepareContext> = {
  title: "prove that the node answers",
  async run({ host, inputs, progress }) {
    const timeoutMs = deadline(inputs.timeouts, "ready");
    progress.say(`${host.label}: waiting until its runtime and its kubelet answer`);
    try {
      await host.sh(script, [String(Math.ceil(timeoutMs / 1000))], { timeoutMs: timeoutMs + 30_000 });
    } catch (error) {
      if (!(error instanceof CommandError) || error.outcome.code !== 3) throw error;
      throw new UserError(
        `${host.label} was changed and ${error.stderr.trim()}`,
        "look at `journalctl -u containerd -u kubelet` there; no other node is changed before it answers",
        { cause: error },
      );
    }
  },
};
