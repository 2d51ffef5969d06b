// etcd's own tools, run on a control plane's host out of the etcd container that runs there: no host has them installed, and they
// answer also while the API does not. The image's programs are static; the container's root is seen through its process.
import type { Host, RunOptions, RunResult } from "../../host/host";
import { CommandError } from "../../lib/errors";
import { etcdData } from "../kubeadm/decide";

const pki = "/etc/kubernetes/pki/etcd";
export const access = `--endpoints https://127.0.0.1:2379 --cacert ${pki}/ca.crt --cert ${pki}/server.crt --key ${pki}/server.key`;
/** For people, in the pod of an etcd member. */
export const etcdctlCommand = `etcdctl ${access}`;

export const etcdDirectory = etcdData.replace(/\/member$/, "");

/**
 * For scripts on the host: `etcd_program NODE NAME` prints where a program of the running etcd's image is, `etcdctl_from PROGRAM ...`
 * asks the member on this host. Known by the node's name, for a host may run other etcds in containers. 69: none of ours runs here.
 */
export const etcdLibrary = `
etcd_program() {
  for pid in $(pgrep -x etcd || true); do
    grep -qzxF -e '--data-dir=${etcdDirectory}' "/proc/$pid/cmdline" 2>/dev/null || continue
    grep -qzxF -e "--name=$1" "/proc/$pid/cmdline" 2>/dev/null || continue
    for directory in usr/local/bin usr/bin bin; do
      if [ -x "/proc/$pid/root/$directory/$2" ]; then echo "/proc/$pid/root/$directory/$2"; return 0; fi
    done
    echo "the image of the running etcd has no $2" >&2
    return 69
  done
  echo "the etcd of $1 does not run here" >&2
  return 69
}
etcdctl_from() {
  program=$1; shift
  "$program" ${access} "$@"
}
`;

const once = `${etcdLibrary}
node=$1; shift
program=$(etcd_program "$node" etcdctl)
etcdctl_from "$program" "$@"
`;

export async function etcdctl(host: Host, argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return host.sh(once, [host.name, ...argv], { timeoutMs: 30_000, ...options });
}

/** Nobody leads for the moment, as right after a member came or went: it passes, or the quorum is lost. */
export function electing(error: unknown): boolean {
  const passing =
    /context deadline exceeded|etcdserver: (no leader|leader changed|request timed out|too many requests)/;
  return error instanceof CommandError && passing.test(error.stderr);
}
