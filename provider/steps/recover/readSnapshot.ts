// What a snapshot holds, read by an etcd of its own that nobody else can reach: whose it is, how far it goes, which nodes it knows.
import type { Host } from "../../host/host";
import { storedConfigMap } from "../../kubeadm/storedObject";
import { CommandError, RefusedError } from "../../lib/errors";
import { programsDirectory, snapshotPath, workDirectory } from "./context";

export interface SnapshotContent {
  revision: number;
  /** undefined: encrypted, or the cluster is not one of ours. */
  clusterId: string | undefined;
  nodes: string[];
  /** Of the record: names and addresses of control planes; with none readable, addresses alone. */
  controlPlanes: { name: string | undefined; addresses: string[] }[];
  /** ConfigMaps of kube-system by name, where they can be read. */
  configMaps: Record<string, Record<string, string>>;
}

const configMaps = ["pulumi-kubeadm", "kubeadm-config", "kubelet-config", "kube-proxy"];

// Sockets in a directory that root alone enters: a port would show the cluster's secrets to every user of the host.
const look = `
bin=$1 snapshot=$2 work=$3
rm -rf "$work"
mkdir -m 700 "$work"
pid=
# To a shell one that ended is there until it is waited for.
ended() { [ ! -e "/proc/$pid/status" ] || grep -q '^State:.Z' "/proc/$pid/status"; }
leave() { if [ -n "$pid" ]; then kill -9 "$pid" 2>/dev/null || :; fi; rm -rf "$work"; }
trap leave EXIT
status=$("$bin/etcdutl" --write-out json snapshot status "$snapshot" 2>"$work/errors") || { cat "$work/errors" >&2; exit 3; }
echo "status $status"
own=http://127.0.0.1:2380 client="unix://$work/client"
"$bin/etcdutl" snapshot restore "$snapshot" --data-dir "$work/data" --name look --initial-cluster "look=$own" \\
  --initial-advertise-peer-urls "$own" >"$work/errors" 2>&1 || { tail -n 2 "$work/errors" >&2; exit 3; }
"$bin/etcd" --name look --data-dir "$work/data" --listen-peer-urls "unix://$work/peer" --listen-client-urls "$client" \\
  --advertise-client-urls http://127.0.0.1:2379 --initial-advertise-peer-urls "$own" --initial-cluster "look=$own" \\
  --unsafe-no-fsync --quota-backend-bytes 17179869184 >"$work/log" 2>&1 &
pid=$!
ask() { "$bin/etcdctl" --endpoints "$client" --command-timeout 20s "$@"; }
tries=150
until ask endpoint health --command-timeout 2s >/dev/null 2>&1; do
  tries=$((tries - 1))
  if [ $tries -eq 0 ] || ended; then tail -n 5 "$work/log" >&2; exit 4; fi
  sleep 0.2
done
for name in ${configMaps.join(" ")}; do
  echo "map $name $(ask get "/registry/configmaps/kube-system/$name" --print-value-only | base64 -w 0)"
done
ask get /registry/minions/ --prefix --keys-only | sed -n 's|^/registry/minions/|node |p'
ask get /registry/masterleases/ --prefix --keys-only | sed -n 's|^/registry/masterleases/|lease |p'
`;

/** Refuses one that is damaged: its own digest is compared when it is restored. */
export async function readSnapshot(host: Host): Promise<SnapshotContent> {
  const args = [programsDirectory, snapshotPath, `${workDirectory}/look`];
  const result = await host.sh(look, args, { ok: [0, 3], timeoutMs: 300_000, secretOutput: true });
  if (result.code === 3)
    throw new RefusedError(`${host.label}: the snapshot is damaged: ${result.stderr.trim()}`, "take an older backup");
  return parseContent(host.label, result.stdout);
}

export function parseContent(label: string, text: string): SnapshotContent {
  const values = (word: string): string[] =>
    text.split("\n").flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1).trim()] : []));
  const status = JSON.parse(values("status")[0] ?? "{}") as { revision?: number };
  if (status.revision === undefined)
    throw new CommandError(label, "etcdutl snapshot status", { code: 0 }, "it names no revision");
  const maps: SnapshotContent["configMaps"] = {};
  for (const line of values("map")) {
    const [name = "", content = ""] = line.split(" ");
    // One that prints "" was not there; etcdctl ends the value with a line feed of its own.
    const value = Buffer.from(content, "base64").subarray(0, -1);
    const data = value.length === 0 ? undefined : storedConfigMap(value);
    if (data) maps[name] = data;
  }
  const record = maps["pulumi-kubeadm"];
  return {
    revision: status.revision,
    clusterId: record?.["clusterId"],
    nodes: values("node"),
    controlPlanes: record
      ? recorded(record)
      : values("lease").map((address) => ({ name: undefined, addresses: [address] })),
    configMaps: maps,
  };
}

function recorded(record: Record<string, string>): SnapshotContent["controlPlanes"] {
  return Object.entries(record).flatMap(([key, text]) => {
    if (!key.startsWith("node.")) return [];
    const { role, addresses } = JSON.parse(text) as { role: string; addresses: string[] };
    return role === "control-plane" ? [{ name: key.slice("node.".length), addresses }] : [];
  });
}
