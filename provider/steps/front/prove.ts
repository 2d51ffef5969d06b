// The proof of a virtual address: the API answers at it, with a certificate of this cluster.
import type { Host } from "../../host/host";
import type { Front } from "../../kubeadm/spec";
import { withPort } from "../../lib/endpoint";
import { UserError } from "../../lib/errors";
import { frontUnits } from "./look";

/** $1: host:port, $2: seconds. */
const script = `
end=$(($(date +%s) + $2))
while :; do
  answer=$(printf 'GET /readyz HTTP/1.0\\r\\n\\r\\n' |
    timeout 3 openssl s_client -quiet -verify_quiet -verify_return_error -CAfile /etc/kubernetes/pki/ca.crt -connect "$1" 2>/dev/null |
    head -n 1)
  case "$answer" in "HTTP/1."?" 200"*) exit 0 ;; esac
  [ "$(date +%s)" -lt "$end" ] || exit 3
  sleep 0.5
done`;

export async function proveFront(host: Host, front: Front, timeoutMs: number): Promise<void> {
  const endpoint = withPort(front.address, front.port);
  const seconds = Math.ceil(timeoutMs / 1000);
  const { code } = await host.sh(script, [endpoint, String(seconds)], { ok: [0, 3], timeoutMs: timeoutMs + 10_000 });
  if (code === 0) return;
  throw new UserError(
    `${host.label}: the API does not answer at its virtual address ${endpoint}`,
    front.by === "keepalived"
      ? `allow VRRP (IP protocol 112) and TCP ${front.port} and 6443 between the control planes, on SELinux \`setsebool -P haproxy_connect_any on\`, and look at \`journalctl ${frontUnits.map((unit) => `-u ${unit}`).join(" ")}\``
      : "look at kube-vip's log below /var/log/pods on the control planes",
  );
}
