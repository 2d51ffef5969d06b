// The host as it was when it was claimed: what no journal entry can say, because Kubernetes changes it, not we.
import { journalDirectory } from "../journalScript";
import { clusterTrees, mountPoints, runtimeTrees, touchedSysctls, volatileSysctls } from "./traces";

export const beforeDirectory = `${journalDirectory}/before`;

const words = (list: readonly string[]) => list.join(" ");

/**
 * Prints "path<TAB>value" of every sysctl that a cluster may change. grep, because the shell's own `read` takes one
 * byte at a time and the kernel answers only the first.
 */
export const printSysctls = `
print_sysctls() {
  grep -sH '' ${words(touchedSysctls.map((key) => `/proc/sys/${key}`))} | sed 's/:/\\t/' |
    grep -v ${volatileSysctls.map((name) => `-e '/${name}'`).join(" ")} || true
}
`;

/** Prints every rule set there is, each program's own; without the program there are no rules of its kind. */
export const printRules = `
print_rules() {
  for program in iptables-nft ip6tables-nft iptables-legacy ip6tables-legacy; do
    if command -v "$program-save" >/dev/null; then "$program-save" 2>/dev/null | sed "s/^/$program /"; fi
  done
  if command -v nft >/dev/null; then nft list tables | sed 's/^/nft /'; fi
  if command -v ipset >/dev/null; then ipset list -n 2>/dev/null | sed 's/^/ipset /'; fi
}
`;

/** Every path in the trees; a tree that is missing prints nothing, of a runtime's own only the top counts. */
export const printTrees = `
print_trees() {
  for tree in ${words(clusterTrees)}; do
    if [ -e "$tree" ]; then find "$tree" -xdev; fi
  done
  for tree in ${words([...runtimeTrees, ...mountPoints])}; do
    if [ -e "$tree" ]; then printf '%s\\n' "$tree"; fi
  done
  for space in /run/netns/*; do
    if [ -e "$space" ]; then printf '%s\\n' "$space"; fi
  done
}
`;

/** $1: the claim. It is written last, so that a claim always has its snapshot. */
export const claimScript = `
umask 077
state=${journalDirectory}
before=${beforeDirectory}
${printSysctls}${printRules}${printTrees}
mkdir -p "$state/backup" "$before"
[ -e "$state/journal.jsonl" ] || : >"$state/journal.jsonl"
ls /sys/class/net >"$before/links"
print_sysctls >"$before/sysctls"
print_rules >"$before/rules"
print_trees >"$before/trees"
cut -f2 -d' ' /proc/self/mounts >"$before/mounts"
printf '%s\\n' "$1" >"$state/claim.new"
sync "$state/claim.new" "$before"/* 2>/dev/null || sync
mv "$state/claim.new" "$state/claim.json"
`;
