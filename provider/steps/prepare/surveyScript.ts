// What the survey runs on a host: sections of lines, whatever is there and whatever is missing.
import { claimPath } from "../../host/journal";
import { journalDirectory } from "../../host/journalScript";
import { pinLabel } from "../../host/undo/traces";
import { besideDirectory } from "../../source/artifacts";
import { restartDirectory } from "./restarts";

export const mark = "@@ ";

/** Four lists in $1 to $4, blanks between the words. */
export const surveyScript = `
export LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
section() { printf '\\n${mark}%s\\n' "$1"; }
section claim; cat ${claimPath} 2>/dev/null || true
section entries; cat ${journalDirectory}/journal.jsonl 2>/dev/null || true
section placed
if [ -e ${journalDirectory}/placed ]; then
  while IFS="$(printf '\\t')" read -r file artifact sha size time; do
    if [ "$(stat -c '%s %Y' "$file" 2>/dev/null)" = "$size $time" ]; then now=untouched; else now=changed; fi
    printf '%s\\t%s\\t%s\\t%s\\n' "$file" "$artifact" "$sha" "$now"
  done <${journalDirectory}/placed
fi
section beside; ls ${besideDirectory} 2>/dev/null || true
section restarts; ls ${restartDirectory} 2>/dev/null || true
section files
for path in $1; do if [ -f "$path" ]; then echo "$(sha256sum <"$path") $(stat -c %a "$path") $path"; fi; done
section sysctls
grep -sH '' $2 /dev/null | sed 's/:/\\t/' || true
section modules
builtin=/lib/modules/$(uname -r)/modules.builtin
for name in $3; do
  if [ -e "/sys/module/$name" ] || grep -qs "/$name\\.ko" "$builtin"; then echo "$name"; continue; fi
  case "$name" in
    overlay) grep -q overlay /proc/filesystems && echo overlay ;;
    br_netfilter) [ -e /proc/sys/net/bridge ] && echo br_netfilter ;;
    nf_conntrack) [ -e /proc/sys/net/netfilter ] && echo nf_conntrack ;;
  esac || true
done
section units
for unit in $4; do
  enabled=$(systemctl is-enabled "$unit" 2>/dev/null || true)
  active=$(systemctl is-active "$unit" 2>/dev/null || true)
  echo "$unit \${enabled:-none} \${active:-none}"
done
section runtime; timeout 10 ctr version 2>/dev/null | awk '/^Server/ { server = 1 } server && $1 == "Version:" { print $2; exit }' || true
section images; timeout 20 ctr --namespace k8s.io images ls -q 2>/dev/null || true
section pinned; timeout 20 ctr --namespace k8s.io images ls -q 'labels."${pinLabel}"==yes' 2>/dev/null || true
section program; command -v containerd || true
section hostname; cat /etc/hostname 2>/dev/null || uname -n
section downloader; command -v curl || command -v wget || true
`;
