// The one script that looks at a host: it only reads, needs no tool a minimal system lacks, and leaves the thinking to parseFacts.ts.

import { agentDirectory } from "../kubeadm/virtualKubelet/names";
import { diskPaths, features, kubernetesPaths, packageNames, programs, units } from "./factsWanted";
import { claimPath } from "./journal";
import { operatingSystems } from "./os/os";

/** Starts a section; nothing that is printed raw below begins like this. */
export const sectionMark = "#== ";

// A query for names that are not there is no failure: the answer is what the others print.
const packageQueries = operatingSystems.map(({ listInstalled: { argv } }) => {
  const words = argv.map((word) => `'${word}'`).join(" ");
  return `if command -v ${argv[0]} >/dev/null; then ${words} ${packageNames.join(" ")} 2>/dev/null || true; fi`;
});

export const factsScript = `
export LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
section() { echo "${sectionMark}$1"; }
section clock
date +%s%3N
section os-release
cat /etc/os-release 2>/dev/null || cat /usr/lib/os-release 2>/dev/null || true
echo
section system
echo "architecture=$(uname -m)"
echo "kernel=$(uname -r)"
echo "hostname=$(uname -n)"
echo "uid=$(id -u)"
echo "sudoUser=\${SUDO_USER:-}"
echo "systemd=$(if [ -d /run/systemd/system ]; then echo running; else cat /proc/1/comm; fi)"
echo "machineId=$(cat /etc/machine-id 2>/dev/null || true)"
echo "productUuid=$(cat /sys/class/dmi/id/product_uuid 2>/dev/null || true)"
echo "cpus=$(getconf _NPROCESSORS_ONLN 2>/dev/null || grep -c '^processor' /proc/cpuinfo)"
echo "memoryKiB=$(awk '$1 == "MemTotal:" { print $2 }' /proc/meminfo)"
echo "selinux=$(cat /sys/fs/selinux/enforce 2>/dev/null || true)"
echo "cgroupfs=$(stat -fc %T /sys/fs/cgroup 2>/dev/null || true)"
echo "ufw=$(sed -n 's/^ENABLED=//p' /etc/ufw/ufw.conf 2>/dev/null || true)"
section nameservers
# What the kubelet hands on: systemd-resolved's own file where that runs, since its stub answers on the host alone.
file=/run/systemd/resolve/resolv.conf
[ -s "$file" ] || file=/etc/resolv.conf
awk '$1 == "nameserver" { print $2 }' "$file" 2>/dev/null || true
section resolves
timeout 5 getent ahosts "$(uname -n)" 2>/dev/null | awk '{ print $1 }' | sort -u || true
section disk
for path in ${diskPaths.join(" ")}; do
  there=$path
  while [ ! -e "$there" ]; do there=$(dirname "$there"); done
  df -Pk "$there" 2>/dev/null | awk -v path="$path" 'NR == 2 { mount = $6; for (i = 7; i <= NF; i++) mount = mount " " $i; print path, $4, mount }' || true
done
section swap
awk 'NR > 1 { print $1, $3 }' /proc/swaps 2>/dev/null || true
section controllers
cat /sys/fs/cgroup/cgroup.controllers 2>/dev/null || awk '!/^#/ && $4 == 1 { print $1 }' /proc/cgroups 2>/dev/null || true
section features
modules="/lib/modules/$(uname -r)"
feature() {
  if [ -e "$2" ]; then echo "$1=present"
  elif grep -Eqs "[[:space:]]$3\\$" /proc/filesystems; then echo "$1=present"
  elif grep -qs "/$3\\.ko" "$modules/modules.builtin"; then echo "$1=present"
  elif grep -qs "^[^:]*/$3\\.ko" "$modules/modules.dep"; then echo "$1=loadable"
  elif grep -Eqs " $4\\$" /proc/kallsyms; then echo "$1=present"
  elif modprobe -n -q "$3" 2>/dev/null; then echo "$1=loadable"
  else echo "$1=missing"; fi
}
${features.map((words) => `feature ${words.join(" ")}`).join("\n")}
section addresses
ip -j address show 2>/dev/null || true
echo
section routes4
ip -4 -j route show default 2>/dev/null || true
echo
section routes6
ip -6 -j route show default 2>/dev/null || true
echo
section listening
awk '$4 == "0A" { print $2, $10 }' /proc/net/tcp /proc/net/tcp6 2>/dev/null || true
section owners
inodes=$(awk '$4 == "0A" { print $10 }' /proc/net/tcp /proc/net/tcp6 2>/dev/null || true)
find /proc/[0-9]*/fd -maxdepth 1 -lname 'socket:*' -printf '%l %h\\n' 2>/dev/null | tr -c '0-9a-z\\n' ' ' |
  awk -v inodes="$inodes" 'BEGIN { split(inodes, list); for (i in list) wanted[list[i]] = 1 } $2 in wanted { print $2, $4 }' | sort -u |
  while read -r inode pid; do echo "$inode $pid $(cat "/proc/$pid/comm" 2>/dev/null || true)"; done || true
section programs
program() {
  found=$(command -v "$1") || return 0
  shift
  echo "\${found##*/}=$found=$([ $# -eq 0 ] || timeout 10 "$found" "$@" 2>/dev/null | head -n 1 || true)"
}
${programs.map(([name, how]) => `program ${name} ${how}`.trim()).join("\n")}
section units
for unit in ${units.join(" ")}; do systemctl is-active --quiet "$unit" 2>/dev/null && echo "$unit"; done || true
section packages
${packageQueries.join("\n")}
section kubernetes
for path in ${kubernetesPaths.join(" ")}; do if [ -e "$path" ]; then echo "$path"; fi; done
section server
sed -n 's/^ *server: *//p' /etc/kubernetes/kubelet.conf 2>/dev/null || true
section agents
ls ${agentDirectory} 2>/dev/null || true
section claim
cat ${claimPath} 2>/dev/null || true
echo
section clock-end
date +%s%3N
`;
