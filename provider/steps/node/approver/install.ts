// Puts the approver onto a control plane, with a timer: serving certificates are renewed long after `up` has ended.
import type { Host } from "../../../host/host";
import { journalLibrary } from "../../../host/journalScript";
import { approverPath, approverScript } from "./script";

export const approverUnit = "pulumi-kubeadm-approve-csrs";
const servicePath = `/etc/systemd/system/${approverUnit}.service`;
const timerPath = `/etc/systemd/system/${approverUnit}.timer`;

export const approverService = `[Unit]
Description=Approve the serving certificates of this cluster's kubelets
ConditionPathExists=/etc/kubernetes/admin.conf

[Service]
Type=oneshot
ExecStart=${approverPath}
TimeoutStartSec=120
`;

export const approverTimer = `[Unit]
Description=Look for kubelets' certificate requests

[Timer]
OnBootSec=30s
OnUnitActiveSec=30s
AccuracySec=5s

[Install]
WantedBy=timers.target
`;

// The units come after their files in the journal, and the timer last: undone backwards, it is off before the service is stopped,
// and both before their files go. A service that fails as its API server goes would stay on the host as a failed unit.
const install = `${journalLibrary}
place() {
  if [ -f "$2" ] && [ "$(cat "$2")" = "$1" ]; then return 0; fi
  printf '%s\\n' "$1" >"$state/staged"
  put "$state/staged" "$2" "$3"
  changed=1
}
changed=
place "$1" ${approverPath} 755
place "$2" ${servicePath} 644
place "$3" ${timerPath} 644
keep_unit ${approverUnit}.service
keep_unit ${approverUnit}.timer
if [ -n "$changed" ]; then systemctl daemon-reload; fi
if [ -n "$changed" ] || ! systemctl is-active --quiet ${approverUnit}.timer; then
  systemctl enable --quiet ${approverUnit}.timer
  systemctl restart ${approverUnit}.timer
fi
`;

/** One round trip; changes nothing where it is in place. The host has to be claimed: the journal knows what was put there. */
export async function installApprover(host: Host): Promise<void> {
  await host.sh(
    install,
    [approverScript, approverService, approverTimer].map((text) => text.trimEnd()),
  );
}

/** $1: the API server to ask, where that is not whoever answers at the cluster's endpoint. */
const approve = `
[ -x ${approverPath} ] || exit 0
if [ -n "$1" ]; then
  umask 077
  KUBECONFIG=$(mktemp)
  trap 'rm -f "$KUBECONFIG"' EXIT
  sed "s|^\\( *server: \\).*|\\1$1|" /etc/kubernetes/admin.conf >"$KUBECONFIG"
  export KUBECONFIG
fi
${approverPath}
`;

/** Right after a join, so that nobody waits for the timer. Gives what it said: approved, or left pending and why. */
export async function approveNow(host: Host, server = ""): Promise<string> {
  const { stdout } = await host.sh(approve, [server]);
  return stdout.trim();
}
