// Who speaks VRRP with whom. Two that do not hear each other would both hold the address, so a control plane is spoken to by
// all others from before it joins until after it has left.
import type { Host } from "../../host/host";
import type { Kubectl } from "../../host/kubectl";
import { haproxyConfigPath, haproxyUnitName } from "../../kubeadm/haproxy";
import { keepalivedConfigPath, keepalivedUnitName } from "../../kubeadm/keepalived";
import type { Front } from "../../kubeadm/spec";

/** The program's control planes, and those that are still nodes: they leave after the others have been told. */
export async function withThoseThatLeave(front: Front, kubectl: Kubectl): Promise<Front> {
  const nodes = await kubectl.list({ type: "nodes", labels: "node-role.kubernetes.io/control-plane" });
  const known = new Set(Object.values(front.members).flatMap(split));
  const members = { ...front.members };
  for (const { metadata, status } of nodes) {
    const { addresses = [] } = (status ?? {}) as { addresses?: { type: string; address: string }[] };
    const own = addresses.filter(({ type }) => type === "InternalIP").map(({ address }) => address);
    if (own.length === 0 || own.some((address) => known.has(address))) continue;
    // The next machine of the same name is in the program already.
    members[metadata.name in members ? `${metadata.name}-leaves` : metadata.name] = own.join(",");
  }
  return { ...front, members };
}

const split = (addresses: string): string[] => addresses.split(",").map((address) => address.trim());

/** $1: address. What is left is what would have been written without it. */
export const forgetScript = `
keepalived=${keepalivedConfigPath} haproxy=${haproxyConfigPath}
[ -e "$keepalived" ] && [ -e "$haproxy" ] || exit 0
if grep -qx "        $1" "$keepalived"; then
  sed "/^        $1\\$/d" "$keepalived" >"$keepalived.new"
  if ! grep -A 1 '^    unicast_peer {' "$keepalived.new" | grep -q '^        '; then
    case "$1" in *:*) loopback=::1 ;; *) loopback=127.0.0.1 ;; esac
    sed -i "s/^    unicast_peer {$/&\\n        $loopback/" "$keepalived.new"
  fi
  chmod 600 "$keepalived.new"
  mv "$keepalived.new" "$keepalived"
  ! systemctl is-active --quiet ${keepalivedUnitName} || systemctl reload ${keepalivedUnitName}
fi
case "$1" in *:*) server="[$1]:6443" ;; *) server="$1:6443" ;; esac
if awk -v server="$server" '$1 == "server" && $3 == server { found = 1 } END { exit !found }' "$haproxy"; then
  awk -v server="$server" '!($1 == "server" && $3 == server)' "$haproxy" >"$haproxy.new"
  chmod 600 "$haproxy.new"
  mv "$haproxy.new" "$haproxy"
  ! systemctl is-active --quiet ${haproxyUnitName} || systemctl reload ${haproxyUnitName}
fi`;

/** On one that stays: nobody is spoken to any more at an address that has left. */
export async function forgetSpeaker(host: Host, addresses: string): Promise<void> {
  for (const address of split(addresses)) await host.sh(forgetScript, [address]);
}
