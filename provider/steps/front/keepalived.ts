// keepalived and haproxy on one control plane: written, started or reloaded, each only where it differs.
import type { Host } from "../../host/host";
import { journalLibrary } from "../../host/journalScript";
import type { FrontPlan } from "../../kubeadm/front";
import { haproxyConfigPath, haproxyFiles, haproxyUnitName } from "../../kubeadm/haproxy";
import { keepalivedConfigPath, keepalivedFiles, keepalivedUnitName } from "../../kubeadm/keepalived";
import { kubeVipManifestPath } from "../../kubeadm/kubeVip";
import type { HostFile } from "../../kubeadm/registries";
import { sha256 } from "../../lib/sha256";
import { placeFiles } from "../../source/place";
import { type FrontLook, type FrontUnit, frontUnits } from "./look";

/** What the look has to compare. */
export const keepalivedPaths = (plan: FrontPlan): string[] => filesOf(plan).map(({ path }) => path);

const filesOf = (plan: FrontPlan): HostFile[] => [...haproxyFiles(plan), ...keepalivedFiles(plan)];

const configs: Readonly<Record<FrontUnit, string>> = {
  [haproxyUnitName]: haproxyConfigPath,
  [keepalivedUnitName]: keepalivedConfigPath,
};

export interface Action {
  unit: FrontUnit;
  /** A reload loses no connection and does not move the address. */
  verb: "start" | "restart" | "reload";
}

export interface Changes {
  files: HostFile[];
  actions: Action[];
  enable: FrontUnit[];
  unwanted: string[];
}

/** Pure: from what was seen to what is due. */
export function keepalivedChanges({ plan, files, units, unwanted }: FrontLook): Changes {
  const differing = filesOf(plan).filter(({ path, content, mode }) => {
    const found = files.get(path);
    return found?.sha256 !== sha256(content) || found.mode !== mode;
  });
  const changed = (path: string) => differing.some((file) => file.path === path);
  const actions = frontUnits.flatMap((unit): Action[] => {
    if (units.get(unit)?.active !== true) return [{ unit, verb: "start" }];
    if (changed(`/etc/systemd/system/${unit}`)) return [{ unit, verb: "restart" }];
    return changed(configs[unit]) ? [{ unit, verb: "reload" }] : [];
  });
  return {
    files: differing,
    actions,
    enable: frontUnits.filter((unit) => units.get(unit)?.enabled !== true),
    unwanted,
  };
}

export function isDue({ files, actions, enable, unwanted }: Changes): boolean {
  return files.length + actions.length + enable.length + unwanted.length > 0;
}

/** $1: units that are not wanted, $2: to enable, $3: "<verb> <unit>" rows. What a service says as it fails is the error's text. */
const script = `
rm -f ${kubeVipManifestPath}
for unit in $1; do systemctl disable --quiet --now "$unit"; done
systemctl daemon-reload
for unit in $2; do systemctl enable --quiet "$unit"; done
printf '%s\\n' "$3" | while read -r verb unit; do
  [ -n "$unit" ] || continue
  systemctl reset-failed "$unit" 2>/dev/null || true
  systemctl "$verb" "$unit" && systemctl is-active --quiet "$unit" || {
    journalctl --unit "$unit" --lines 15 --no-pager --output cat >&2
    exit 1
  }
done`;

export async function applyKeepalived(host: Host, changes: Changes, timeoutMs: number): Promise<void> {
  await host.sh(`${journalLibrary}\nfor unit in "$@"; do keep_unit "$unit"; done`, [...frontUnits]);
  await placeFiles(host, changes.files);
  const rows = changes.actions.map(({ verb, unit }) => `${verb} ${unit}`).join("\n");
  await host.sh(script, [changes.unwanted.join(" "), changes.enable.join(" "), rows], { timeoutMs });
}
