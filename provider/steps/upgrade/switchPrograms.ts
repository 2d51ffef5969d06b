// The programs of the new version, which wait beside those that run, take their places.
import type { Host } from "../../host/host";
import { CommandError, UserError } from "../../lib/errors";
import {
  besideDirectory,
  besideOf,
  kubernetesPrograms,
  kubernetesRelease,
  programDirectory,
} from "../../source/artifacts";
import { withPlaced } from "../../source/place";

export type Programs = Record<(typeof kubernetesPrograms)[number], string>;

function programsIn(directory: string): Programs {
  return {
    kubeadm: `${directory}/kubeadm`,
    kubelet: `${directory}/kubelet`,
    kubectl: `${directory}/kubectl`,
  };
}

/** Where the Host leaf puts them on a node that runs another version. */
export function stagedPrograms(version: string): Programs {
  return programsIn(besideOf(version));
}

/** $1: where they wait. $2: what the paths of this version begin with. Prints where all of them are. */
const findScript = `${withPlaced}
beside=$1 release=$2
ours() {
  for program in ${kubernetesPrograms.join(" ")}; do
    awk -F"$tab" -v file="$1/$program" -v begin="$release" '$1 == file && index($2, begin) == 1 { found = 1 } END { exit !found }' "$state/placed" || return 1
    [ -x "$1/$program" ] || return 1
  done
}
if ours "$beside"; then echo "$beside"; elif ours ${programDirectory}; then echo ${programDirectory}; else exit 3; fi`;

/** Those of that version: beside those that run, or switched already. */
export async function findPrograms(host: Host, version: string): Promise<Programs> {
  const { code, stdout } = await host.sh(findScript, [besideOf(version), kubernetesRelease(version)], { ok: [0, 3] });
  if (code === 0) return programsIn(stdout.trim());
  throw missing(host, version);
}

/**
 * $1: where they wait. $2: what the paths of this version begin with. One rename each; those that wait go only after the last
 * one has been switched, so that a cut run finds all of them again. The kubelet that runs keeps its file until it is restarted.
 */
const switchScript = `${withPlaced}
beside=$1 release=$2
row() { awk -F"$tab" -v file="$1" -v begin="$release" '$1 == file && index($2, begin) == 1 { print $2 FS $3 FS $4 FS $5; exit }' "$state/placed"; }
switch() {
  new="$beside/$1" target="${programDirectory}/$1"
  of=$(row "$new")
  if [ -z "$of" ] || [ ! -e "$new" ]; then
    [ -n "$(row "$target")" ] || exit 3
    return 0
  fi
  [ "$(printf '%s' "$of" | cut -f 3-)" = "$(stat -c "%s$tab%Y" "$new")" ] || exit 4
  keep "$target"
  persist
  if [ ! "$new" -ef "$target" ]; then
    rm -f "$target.pulumi-kubeadm"
    ln "$new" "$target.pulumi-kubeadm" 2>/dev/null || cp -p "$new" "$target.pulumi-kubeadm"
    sync "$target.pulumi-kubeadm"
    mv -fT "$target.pulumi-kubeadm" "$target"
  fi
  now_placed "$target" "$(printf '%s' "$of" | cut -f 1)" "$(printf '%s' "$of" | cut -f 2)"
}
for program in ${kubernetesPrograms.join(" ")}; do switch "$program"; done
sync "$state/placed"
rm -rf "$beside"
drop_placed "$beside/"
rmdir ${besideDirectory} 2>/dev/null || true`;

/** May be run again at any time. What runs is not restarted. */
export async function switchPrograms(host: Host, version: string): Promise<void> {
  try {
    await host.sh(switchScript, [besideOf(version), kubernetesRelease(version)], { timeoutMs: 120_000 });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    if (error.outcome.code === 3) throw missing(host, version, error);
    if (error.outcome.code === 4) throw changed(host, version, error);
    throw error;
  }
}

const remedy = "run `pulumi refresh` and `pulumi up`: the preparation of the host brings them again";

function missing(host: Host, version: string, cause?: unknown): UserError {
  return new UserError(`${host.label} does not hold the programs of Kubernetes ${version}`, remedy, { cause });
}

function changed(host: Host, version: string, cause: unknown): UserError {
  return new UserError(`${host.label}: the programs in ${besideOf(version)} were changed by somebody`, remedy, {
    cause,
  });
}
