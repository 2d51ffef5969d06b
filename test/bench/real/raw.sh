#!/bin/bash
# A cluster with kubeadm as a competent administrator's script makes it: hosts side by side, one stream of files to each, no sleeps.
#   raw.sh create CONTROL_PLANE WORKER...
#   raw.sh add CONTROL_PLANE WORKER
#   raw.sh ha FIRST "CONTROL_PLANE..." "WORKER..."
#   raw.sh upgrade FIRST "CONTROL_PLANE..." "WORKER..."   to VERSION, whose bundle BUNDLE is
# ADMIN: directory with ssh_config, the files of every host below rootfs, init.yaml and flannel.json; BUNDLE: programs, packages, images;
# LISTS: per role (control-plane, worker) the bundle's files of that role. Prints "phase HOST NAME SECONDS" when a phase is over.
set -euo pipefail
: "${ADMIN:?}" "${BUNDLE:?}" "${LISTS:?}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

on() { ssh -F "$ADMIN/ssh_config" "$@"; }

phase() {
  local host=$1 name=$2 from=$EPOCHREALTIME to
  shift 2
  "$@"
  to=$EPOCHREALTIME
  echo "phase $host $name $(((${to/./} - ${from/./}) / 1000))"
}

copy() {
  { tar -C "$BUNDLE" -cf - -T "$LISTS/$2"; } | on "$1" 'mkdir -p /root/kubeadm && tar -xf - -C /root/kubeadm'
  tar -C "$ADMIN/rootfs" -cf - . | on "$1" 'tar -xf - -C / --no-same-owner --no-overwrite-dir'
}

programs() {
  on "$1" 'sh -eu' <<'END'
cd /root/kubeadm
dpkg -i packages/debian/*/*/*.deb >/dev/null 2>&1 &
packages=$!
install -m 755 -t /usr/local/bin dl.k8s.io/release/*/bin/linux/*/kube*[a-z]
install -m 755 github.com/opencontainers/runc/releases/download/*/runc.* /usr/local/sbin/runc
tar -xzf github.com/containerd/containerd/releases/download/*/containerd-*.tar.gz -C /usr/local
mkdir -p /opt/cni/bin
tar -xzf github.com/containernetworking/plugins/releases/download/*/cni-plugins-*.tgz -C /opt/cni/bin
sysctl -q -p /etc/sysctl.d/99-kubernetes.conf
systemctl daemon-reload
systemctl enable -q --now containerd
systemctl enable -q kubelet
wait $packages
END
}

images() {
  on "$1" 'ls /root/kubeadm/images/*/*.tar | xargs -P 2 -n 1 ctr -n k8s.io images import >/dev/null'
}

install_host() {
  phase "$1" copy copy "$1" "$2"
  phase "$1" programs programs "$1"
  phase "$1" images images "$1"
}

init() {
  on "$1" 'cat >/root/init.yaml; kubeadm init --config /root/init.yaml >/root/init.log 2>&1 || { cat /root/init.log >&2; exit 1; }' <"$ADMIN/init.yaml"
  on "$1" 'kubectl --kubeconfig /etc/kubernetes/admin.conf apply -f - >/dev/null' <"$ADMIN/flannel.json"
}

join_command() {
  on "$1" 'kubeadm token create --print-join-command 2>/dev/null' >"$work/join"
}

join() {
  on "$1" "$(cat "$work/join") >/root/join.log 2>&1 || { cat /root/join.log >&2; exit 1; }"
}

workers() {
  local worker pids=()
  for worker in "$@"; do
    { wait_for "$worker" && phase "$worker" join join "$worker"; } &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid"; done
}

# The installation of a worker ends with a line in its pipe.
prepare() {
  mkfifo "$work/$1"
  { install_host "$1" "$2" && echo ready >"$work/$1"; } &
}
wait_for() { read -r _ <"$work/$1"; }

await() {
  on "$1" "kubectl --kubeconfig /etc/kubernetes/admin.conf wait --for=condition=Ready --timeout=300s $2 >/dev/null &&
    kubectl --kubeconfig /etc/kubernetes/admin.conf -n kube-system wait --for=condition=Available --timeout=300s deployment/coredns >/dev/null"
}

# A key for the certificates, and the whole command of a control plane's join.
control_plane_join_command() {
  on "$1" 'key=$(kubeadm certs certificate-key) && kubeadm init phase upload-certs --upload-certs --certificate-key "$key" >/dev/null &&
    echo "$(kubeadm token create --print-join-command 2>/dev/null) --control-plane --certificate-key $key"' >"$work/join-control-plane"
}

join_control_planes() {
  local host
  for host in "$@"; do
    wait_for "$host"
    phase "$host" join on "$host" "$(cat "$work/join-control-plane") --apiserver-advertise-address $(address "$host") >/root/join.log 2>&1 || { cat /root/join.log >&2; exit 1; }"
  done
}

address() { ssh -F "$ADMIN/ssh_config" -G "$1" | sed -n 's/^hostname //p'; }

# Control planes one by one, as etcd has to be asked; workers beside them.
create_ha() {
  local first=$1 others=$2 workers=$3 host
  for host in $others; do prepare "$host" control-plane; done
  for host in $workers; do prepare "$host" worker; done
  install_host "$first" control-plane
  phase "$first" init init "$first"
  phase "$first" token join_command "$first"
  phase "$first" certificates control_plane_join_command "$first"
  workers $workers &
  local joining=$!
  join_control_planes $others
  wait $joining
  phase "$first" wait await "$first" "$(printf 'node/%s ' "$first" $others $workers)"
}

# BUNDLE and LISTS are the next version's: programs beside the old ones, images imported.
place() {
  on "$1" 'rm -rf /root/kubeadm'
  copy "$1" "$2"
  on "$1" 'mkdir -p /root/next && install -m 755 -t /root/next /root/kubeadm/dl.k8s.io/release/*/bin/linux/*/kube*[a-z]'
  images "$1"
}

admin_on() { on "$first" "kubectl --kubeconfig /etc/kubernetes/admin.conf $*"; }

# Drained, upgraded, its kubelet of the new version Ready, and in use again.
upgrade_one() {
  local host=$1 how=$2
  if [ "$how" = apply ]; then
    on "$host" "/root/next/kubeadm upgrade apply --yes --ignore-preflight-errors=all v$VERSION >/root/upgrade.log 2>&1 || { cat /root/upgrade.log >&2; exit 1; }"
  fi
  admin_on drain "$host" --ignore-daemonsets --delete-emptydir-data --timeout=300s >/dev/null 2>&1
  if [ "$how" = node ]; then
    on "$host" '/root/next/kubeadm upgrade node --ignore-preflight-errors=all >/root/upgrade.log 2>&1 || { cat /root/upgrade.log >&2; exit 1; }'
  fi
  on "$host" 'mv /root/next/* /usr/local/bin/ && systemctl restart kubelet'
  admin_on wait --for="jsonpath={.status.nodeInfo.kubeletVersion}=v$VERSION" --timeout=300s "node/$host" >/dev/null
  admin_on wait --for=condition=Ready --timeout=300s "node/$host" >/dev/null
  admin_on uncordon "$host" >/dev/null
}

upgrade() {
  local first=$1 others=$2 workers=$3 host pids=()
  for host in $first $others; do phase "$host" place place "$host" control-plane & pids+=($!); done
  for host in $workers; do phase "$host" place place "$host" worker & pids+=($!); done
  for pid in "${pids[@]}"; do wait "$pid"; done
  phase "$first" upgrade upgrade_one "$first" apply
  for host in $others $workers; do phase "$host" upgrade upgrade_one "$host" node; done
}

verb=$1 control_plane=$2
shift 2
case "$verb" in
  ha) create_ha "$control_plane" "$1" "$2"; exit ;;
  upgrade) upgrade "$control_plane" "$1" "$2"; exit ;;
esac
for worker in "$@"; do prepare "$worker" worker; done
if [ "$verb" = create ]; then
  install_host "$control_plane" control-plane
  phase "$control_plane" init init "$control_plane"
fi
phase "$control_plane" token join_command "$control_plane"
workers "$@"
phase "$control_plane" wait await "$control_plane" "$(printf 'node/%s ' "$control_plane" "$@")"
