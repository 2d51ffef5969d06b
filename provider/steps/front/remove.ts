// Takes the virtual address off a host: at once where it holds it, and for good.
import type { Host } from "../../host/host";
import { frontDirectory } from "../../kubeadm/front";
import { keepalivedUnitName } from "../../kubeadm/keepalived";
import { kubeVipManifestPath } from "../../kubeadm/kubeVip";
import { frontUnits } from "./look";

const known = 'known() { [ -e "/etc/systemd/system/$1" ]; }';

/** It goes to another control plane in the same moment; connections through this host's haproxy stay. */
const letGoScript = `${known}
if known ${keepalivedUnitName}; then systemctl disable --quiet --now ${keepalivedUnitName}; fi
rm -f ${kubeVipManifestPath}`;

export async function letGoOfAddress(host: Host): Promise<void> {
  await host.sh(letGoScript, [], { timeoutMs: 60_000 });
}

/** keepalived before haproxy: the address moves away while connections still find a way. What was there before us is the journal's. */
const removeScript = `${letGoScript}
for unit in ${[...frontUnits].reverse().join(" ")}; do
  known "$unit" || continue
  systemctl disable --quiet --now "$unit"
  rm -f "/etc/systemd/system/$unit"
done
rm -rf ${frontDirectory}
systemctl daemon-reload`;

export async function removeFront(host: Host): Promise<void> {
  await host.sh(removeScript, [], { timeoutMs: 60_000 });
}
