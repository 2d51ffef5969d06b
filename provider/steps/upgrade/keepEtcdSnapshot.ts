// Before etcd comes to another version: its members lie in a snapshot of its log, not in the log alone. etcd 3.6 that starts with a log from
// its first entry on (written by 3.5) takes the version set there for a downgrade and forces a snapshot amid the log, with the members of
// today and the voters of that moment; what starts from that snapshot refuses the joins that follow in the log, and votes without those
// members. Seen with 3.6.5 and 3.6.6: docs/adr/0018-a-young-etcd.md.
import { deadline } from "../../kubeadm/spec";
import { access, etcdDirectory, etcdLibrary } from "../etcd/client";
import type { Step } from "../step";
import type { UpgradeContext } from "./context";
import { kubeadmDue } from "./due";

/** Beside Kubernetes' own keys, and deleted again. */
const prefix = "/pulumi-kubeadm/young-etcd/";

/**
 * $1: the node. A snapshot beyond the first is of the whole log: etcd takes one by itself after that many entries. They are written by
 * etcdctl's own check of performance, which takes its keys away when it is interrupted.
 */
const fill = `${etcdLibrary}
program=$(etcd_program "$1" etcdctl)
pid=\${program#/proc/}; pid=\${pid%%/*}
count=$(tr '\\0' '\\n' <"/proc/$pid/cmdline" | sed -n 's/^--snapshot-count=//p')
count=\${count:-100000}
kept() {
  newest=$(ls ${etcdDirectory}/member/snap | awk -F'[-.]' 'NF == 3 && $3 == "snap" { print $2 }' | sort | tail -n 1)
  [ -n "$newest" ] && [ "$((0x$newest))" -gt "$count" ]
}
kept && exit 0
said=$(mktemp)
trap 'rm -f "$said"' EXIT
turns=0
until kept || [ "$turns" -ge 20 ]; do
  turns=$((turns + 1))
  # What a run that was cut left there would keep the check from starting.
  etcdctl_from "$program" del --prefix ${prefix} >/dev/null
  "$program" ${access} check perf --load m --prefix ${prefix} >"$said" 2>&1 &
  writing=$!
  while kill -0 "$writing" 2>/dev/null; do
    if kept; then kill -INT "$writing" 2>/dev/null || true; break; fi
    sleep 0.2
  done
  wait "$writing" || true
done
etcdctl_from "$program" del --prefix ${prefix} >/dev/null
kept || { tail -n 5 "$said" >&2; exit 1; }
`;

export const keepEtcdSnapshot: Step<UpgradeContext> = {
  title: "bring etcd's log into a snapshot",
  when: ({ plan, found }) => kubeadmDue(found, plan),
  run: async ({ host, plan }) => {
    await host.sh(fill, [host.name], { timeoutMs: 2 * deadline(plan.timeouts, "init") });
  },
};
