// What undoing runs on the host, part by part. Every part finds by itself what is left to do, so that a cut one is run again.
import { journalDirectory } from "../journalScript";
import { beforeDirectory, printRules, printSysctls, printTrees } from "./before";
import { clusterLinks, clusterTrees, mountPoints, pinLabel, runtimeTrees } from "./traces";

const mark = "@@ ";
const words = (list: readonly string[]) => list.join(" ");
const library = `
state=${journalDirectory}
before=${beforeDirectory}
was() { grep -qxF "$1" "$before/$2" 2>/dev/null; }
`;

/** Sections: claim, entries, rules before and now. */
export const lookScript = `${library}${printRules}
section() { printf '\\n${mark}%s\\n' "$1"; }
section claim; cat "$state/claim.json" 2>/dev/null || true
section entries; cat "$state/journal.jsonl" 2>/dev/null || true
section before; cat "$before/rules" 2>/dev/null || true
section now; print_rules
section end`;

export function parseLook(text: string): Map<string, string> {
  return new Map(
    text
      .split(`\n${mark}`)
      .slice(1)
      .map((part) => [part.slice(0, part.indexOf("\n")), part.slice(part.indexOf("\n") + 1)]),
  );
}

/** $1: units of ours, $2: "yes" when the runtime is ours. Pods first lose their kubelet, then end, then their networks go. */
export const stopScript = `${library}
systemctl stop pulumi-kubeadm-bundle.service 2>/dev/null || true
rm -f /run/pulumi-kubeadm/bundle.address
for unit in $1; do
  case "$unit" in containerd.service) ;; *) systemctl stop "$unit" 2>/dev/null || ! systemctl is-active --quiet "$unit" ;; esac
done
if timeout 10 ctr --namespace k8s.io containers ls -q >/dev/null 2>&1; then
  for image in $(timeout 20 ctr --namespace k8s.io images ls -q 'labels."${pinLabel}"==yes'); do
    timeout 10 ctr --namespace k8s.io images label "$image" io.cri-containerd.pinned= ${pinLabel}= >/dev/null || true
  done
  for task in $(timeout 30 ctr --namespace k8s.io tasks ls -q); do
    {
      timeout 30 ctr --namespace k8s.io tasks kill --all --signal SIGKILL "$task" 2>/dev/null || true
      timeout 30 ctr --namespace k8s.io tasks rm --force "$task" 2>/dev/null || true
    } &
  done
  wait
  containers=$(timeout 30 ctr --namespace k8s.io containers ls -q)
  [ -z "$containers" ] || timeout 60 ctr --namespace k8s.io containers rm $containers 2>/dev/null || true
fi
if [ "$2" = yes ]; then
  systemctl stop containerd.service 2>/dev/null || ! systemctl is-active --quiet containerd.service
  # A shim outlives its containerd by design. By its name, not by its arguments: this script's own hold the same words.
  for name in $(grep -lsx containerd-shim /proc/[0-9]*/comm || true); do
    directory=\${name%/comm}
    case "$(tr '\\0' ' ' <"$directory/cmdline" 2>/dev/null || true)" in
      *"-namespace k8s.io"*) kill -KILL "\${directory#/proc/}" 2>/dev/null || true ;;
    esac
  done
fi
for space in /run/netns/cni-*; do
  [ -e "$space" ] || continue
  was "$space" trees && continue
  umount -l "$space" 2>/dev/null || true
  rm -f "$space"
done`;

/** Links of the cluster that were not there before, and the ends of pods' cables that still hang on its bridge. */
export const linksScript = `${library}
for link in /sys/class/net/cni0/brif/*; do
  if [ -e "$link" ]; then ip link delete "\${link##*/}"; fi
done
for link in ${words(clusterLinks)}; do
  if [ -e "/sys/class/net/$link" ] && ! was "$link" links; then ip link delete "$link"; fi
done`;

/** Everything in the trees that was not there before; what is mounted below is unmounted first. $1: "yes" when the runtime is ours. */
export const treesScript = `${library}
unmount() {
  awk -v tree="$1/" 'index($2 "/", tree) == 1 { print length($2), $2 }' /proc/self/mounts | sort -rn | cut -d' ' -f2- |
    while IFS= read -r mount; do
      mount=$(printf '%b' "$mount")
      was "$mount" mounts || was "$mount" trees || umount "$mount" 2>/dev/null || umount -l "$mount"
    done
}
remove() {
  [ -e "$1" ] || return 0
  unmount "$1"
  if ! was "$1" trees; then rm -rf --one-file-system "$1"; return 0; fi
  find "$1" -xdev -depth | while IFS= read -r path; do
    was "$path" trees && continue
    if [ -d "$path" ] && [ ! -L "$path" ]; then rmdir "$path" 2>/dev/null || true; else rm -f "$path"; fi
  done
}
[ -e "$before/trees" ] || exit 0
for tree in ${words(clusterTrees)}; do remove "$tree"; done
if [ "$1" = yes ]; then
  for tree in ${words(runtimeTrees)}; do
    if ! was "$tree" trees; then remove "$tree"; fi
  done
fi
for point in ${words(mountPoints)}; do
  was "$point" trees && continue
  if [ -d "$point" ]; then rmdir "$point" 2>/dev/null || true; elif [ -e "$point" ] && [ ! -s "$point" ]; then rm -f "$point"; fi
done`;

/** Lines "file <path> <backup or ->", "directory <path>" on standard input, newest first. */
export const filesScript = `${library}
while read -r kind path backup; do
  case "$kind" in
    file)
      rm -f "$path.pulumi-kubeadm"
      if [ "$backup" = - ]; then rm -f "$path"
      elif [ -e "$state/backup/$backup" ] || [ -L "$state/backup/$backup" ]; then
        cp -a "$state/backup/$backup" "$path.pulumi-kubeadm"
        # A file that is a mount of its own, as /etc/hosts is in a container, cannot be replaced, only written.
        mv -fT "$path.pulumi-kubeadm" "$path" 2>/dev/null || { cat "$path.pulumi-kubeadm" >"$path"; rm -f "$path.pulumi-kubeadm"; }
      fi ;;
    directory) rmdir "$path" 2>/dev/null || true ;;
  esac
done`;

/** Rows "<unit> <enabled> <active>" on standard input: as they were, with the files they had. */
export const disableScript = `
while read -r unit enabled; do
  [ "$enabled" = true ] || systemctl disable "$unit" 2>/dev/null || ! systemctl is-enabled --quiet "$unit" 2>/dev/null
done`;
export const unitsScript = `
rows=$(cat)
systemctl daemon-reload
printf '%s\\n' "$rows" | while read -r unit enabled active; do
  [ "$enabled" != true ] || systemctl enable "$unit"
  if [ "$active" = true ]; then systemctl restart "$unit"; else systemctl reset-failed "$unit" 2>/dev/null || true; fi
done`;

/**
 * Sysctls of ours (rows on standard input) and those a cluster changes on its own: "all" and "default" first, as the
 * kernel hands them on. What cannot be written cannot have been changed either.
 */
export const sysctlsScript = `${library}${printSysctls}
restore() {
  [ -w "$1" ] || return 0
  printf '%s\\n' "$2" >"$1" 2>/dev/null || true
}
rows=$(cat; cat "$before/sysctls" 2>/dev/null || true)
tab=$(printf '\\t')
for turn in 1 2; do
  now=$(print_sysctls)
  printf '%s\\n' "$rows" | grep -vxF "$now" | while IFS="$tab" read -r path value; do
    case "$turn$path" in
      2/*) restore "$path" "$value" ;;
      1*/conf/all/* | 1*/conf/default/*) restore "$path" "$value" ;;
    esac
  done || true
done`;

/** Prints what is still there, one line each. $1: "yes" when the runtime is ours. Files on standard input as before. */
export const residueScript = `${library}${printSysctls}${printRules}${printTrees}
while read -r kind path backup; do
  [ "$kind" = file ] || continue
  if [ "$backup" = - ]; then
    if [ -e "$path" ]; then echo "file $path"; fi
  elif [ -f "$state/backup/$backup" ] && ! cmp -s "$state/backup/$backup" "$path"; then echo "file $path differs from what was there before"; fi
done
[ -e "$before/trees" ] || exit 0
print_trees | while IFS= read -r path; do
  was "$path" trees && continue
  case "$path" in
    ${runtimeTrees.join("|")}) if [ "$1" = yes ]; then echo "directory $path"; fi ;;
    ${mountPoints.join("|")}|/run/netns/*) ;;
    *) echo "file $path" ;;
  esac
done
for link in ${words(clusterLinks)}; do
  if [ -e "/sys/class/net/$link" ] && ! was "$link" links; then echo "network link $link"; fi
done`;
