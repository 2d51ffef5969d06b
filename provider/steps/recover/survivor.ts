// A control plane that is still there: what its etcd says, and a snapshot of all that it ever agreed to.

import type { Host } from "../../host/host";
import { type EtcdManifest, parseEtcdManifest } from "../../kubeadm/etcdManifest";
import { RefusedError, UserError } from "../../lib/errors";
import { manifestDirectory } from "../kubeadm/staticPodManifest";
import { programsDirectory, snapshotPath, workDirectory } from "./context";

export interface Survivor extends EtcdManifest {
  /** The etcd of this host runs and knows a leader: a quorum lives. */
  leader: boolean;
  running: boolean;
}

/** undefined: the host runs no stacked etcd. A recovery that was killed has put the manifest aside. */
export async function etcdManifest(host: Host): Promise<EtcdManifest | undefined> {
  for (const directory of [manifestDirectory, `${workDirectory}/manifests`]) {
    const text = (await host.readFile(`${directory}/etcd.yaml`))?.toString("utf8");
    if (text !== undefined) return parseEtcdManifest(text);
  }
  return undefined;
}

const tls =
  "--cacert /etc/kubernetes/pki/etcd/ca.crt --cert /etc/kubernetes/pki/etcd/server.crt --key /etc/kubernetes/pki/etcd/server.key";

// What is asked here each member answers from its own memory: nothing of it needs a quorum.
const look = `
bin=$1
ask() { "$bin/etcdctl" --endpoints https://127.0.0.1:2379 ${tls} --command-timeout 5s "$@"; }
status=$(ask endpoint status -w json 2>/dev/null) || exit 0
echo running
case $status in *'"leader":0'[,}]*) ;; *'"leader":'*) echo leader ;; esac
`;

export async function lookAtSurvivor(host: Host, manifest: EtcdManifest): Promise<Survivor> {
  const { stdout } = await host.sh(look, [programsDirectory]);
  const words = stdout.split("\n");
  return { ...manifest, running: words.includes("running"), leader: words.includes("leader") };
}

const saveRunning = `
bin=$1 into=$2
"$bin/etcdctl" --endpoints https://127.0.0.1:2379 ${tls} --command-timeout 240s snapshot save "$into" >/dev/null 2>&1
`;

// A member that is down is copied and started on its own, so that what its log holds beyond its database is not lost.
const saveStopped = `
bin=$1 into=$2 data=$3 name=$4 work=$5
rm -rf "$work"
mkdir -m 700 "$work"
pid=
# To a shell one that ended is there until it is waited for.
ended() { [ ! -e "/proc/$pid/status" ] || grep -q '^State:.Z' "/proc/$pid/status"; }
leave() { if [ -n "$pid" ]; then kill -9 "$pid" 2>/dev/null || :; fi; rm -rf "$work"; }
trap leave EXIT
mkdir "$work/data"
cp -a "$data/member" "$work/data/"
if ss -Hltn "sport = :2379" | grep -q .; then exit 5; fi
own=http://127.0.0.1:2380 client="unix://$work/client"
"$bin/etcd" --name "$name" --data-dir "$work/data" --force-new-cluster --listen-peer-urls "unix://$work/peer" \\
  --listen-client-urls "$client" --advertise-client-urls http://127.0.0.1:2379 --initial-advertise-peer-urls "$own" \\
  --initial-cluster "$name=$own" --quota-backend-bytes 17179869184 >"$work/log" 2>&1 &
pid=$!
ask() { "$bin/etcdctl" --endpoints "$client" --command-timeout 240s "$@"; }
tries=300
until ask endpoint health --command-timeout 2s >/dev/null 2>&1; do
  tries=$((tries - 1))
  if [ $tries -eq 0 ] || ended; then tail -n 5 "$work/log" >&2; exit 4; fi
  sleep 0.2
done
ask snapshot save "$into" >/dev/null 2>&1
`;

/** Nothing can be written while there is no quorum, so what is saved now is what there will be. */
export async function saveSurvivor(host: Host, { running, dataDir, name }: Survivor): Promise<void> {
  const options = { timeoutMs: 300_000, ok: [0, 4, 5] };
  const args = [programsDirectory, snapshotPath];
  const result = running
    ? await host.sh(saveRunning, args, options)
    : await host.sh(saveStopped, [...args, dataDir, name, `${workDirectory}/member`], options);
  if (result.code === 0) return;
  if (result.code === 5) throw new UserError(`${host.label}: etcd was started just now`, "run again");
  throw new RefusedError(
    `${host.label}: the data of etcd in ${dataDir} cannot be read: ${result.stderr.trim()}`,
    "restore a backup instead: --backup",
  );
}
