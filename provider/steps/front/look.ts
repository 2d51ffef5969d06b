// What a control plane has of the virtual address' programs, in one round trip.
import type { Host } from "../../host/host";
import { journalDirectory } from "../../host/journalScript";
import { type FrontPlan, ownAddress } from "../../kubeadm/front";
import { haproxyUnitName } from "../../kubeadm/haproxy";
import { keepalivedUnitName } from "../../kubeadm/keepalived";
import type { Front } from "../../kubeadm/spec";
import { UserError } from "../../lib/errors";

/** In the order in which they start. */
export const frontUnits = [haproxyUnitName, keepalivedUnitName] as const;
export type FrontUnit = (typeof frontUnits)[number];

export interface FrontLook {
  plan: FrontPlan;
  /** Digest and mode by path. */
  files: Map<string, { sha256: string; mode: number }>;
  units: Map<string, { enabled: boolean; active: boolean }>;
  /** The distribution's own services of packages that came with us: they would be a second haproxy and keepalived. */
  unwanted: string[];
}

/** $1: own address, $2: interface if the program names it, $3: paths. */
const script = `
link=$2
[ -n "$link" ] || link=$(ip -o address show to "$1" | awk '{ print $2; exit }')
[ -z "$link" ] || [ ! -e "/sys/class/net/$link" ] || echo "link $link"
for path in $3; do
  if [ -f "$path" ]; then echo "file $path $(stat -c %a "$path") $(sha256sum <"$path")"; fi
done
for unit in ${frontUnits.join(" ")}; do
  echo "unit $unit $(systemctl is-enabled "$unit" 2>/dev/null || true) $(systemctl is-active "$unit" 2>/dev/null || true)"
done
for name in haproxy keepalived; do
  grep -qs '"kind":"installed".*"'"$name"'"' ${journalDirectory}/journal.jsonl || continue
  if systemctl is-enabled --quiet "$name.service" 2>/dev/null || systemctl is-active --quiet "$name.service"; then
    echo "unwanted $name.service"
  fi
done`;

export async function lookAtFront(
  host: Host,
  front: Front,
  node: string,
  paths: readonly string[],
): Promise<FrontLook> {
  const own = ownAddress(front.members[node] ?? "", front.address) ?? "";
  const { stdout } = await host.sh(script, [own, front.interface ?? "", paths.join(" ")]);
  const rows = stdout.split("\n").map((line) => line.split(" "));
  const of = (kind: string) => rows.filter(([word]) => word === kind).map(([, ...rest]) => rest);
  const link = of("link")[0]?.[0];
  if (link === undefined) throw noInterface(host, front, own);
  return {
    plan: { front, node, interface: link },
    files: new Map(
      of("file").map(([path = "", mode = "", sha256 = ""]) => [path, { sha256, mode: Number.parseInt(mode, 8) }]),
    ),
    units: new Map(
      of("unit").map(([unit = "", enabled = "", active]) => [
        unit,
        { enabled: enabled.startsWith("enabled"), active: active === "active" },
      ]),
    ),
    unwanted: of("unwanted").flatMap(([unit]) => (unit ? [unit] : [])),
  };
}

function noInterface(host: Host, front: Front, own: string): UserError {
  return front.interface === undefined
    ? new UserError(
        `${host.label}: no network interface has the node's address ${own}`,
        "set `endpoint.virtualIp.interface`",
      )
    : new UserError(
        `${host.label}: there is no network interface ${front.interface}`,
        "correct `endpoint.virtualIp.interface`, or leave it out where the interfaces have different names",
      );
}
