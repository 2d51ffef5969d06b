// A data directory of one member from the snapshot. The old one is moved aside whole; every move is a rename, so that a killed run
// finds either the one or the other.
import type { Step } from "../step";
import { programsDirectory, type RecoverContext, snapshotPath } from "./context";

const restore = `
bin=$1 snapshot=$2 data=$3 aside=$4 name=$5 peer=$6 token=$7 bump=$8
mkdir -p -m 700 "$data"
if [ ! -e "$aside" ]; then
  [ -e "$aside.moving" ] || mkdir -m 700 "$aside.moving"
  if [ -e "$data/member" ]; then mv "$data/member" "$aside.moving/"; fi
  mv -T "$aside.moving" "$aside"
fi
[ ! -e "$data/member" ] || exit 0
rm -rf "$data/recovered"
"$bin/etcdutl" snapshot restore "$snapshot" --data-dir "$data/recovered" --name "$name" --initial-cluster "$name=$peer" \\
  --initial-advertise-peer-urls "$peer" --initial-cluster-token "$token" --bump-revision "$bump" --mark-compacted
sync -f "$data"
mv "$data/recovered/member" "$data/member"
rmdir "$data/recovered"
`;

export function peerUrl(address: string): string {
  return `https://${address.includes(":") ? `[${address}]` : address}:2380`;
}

export const restoreEtcd: Step<RecoverContext> = {
  title: "restore etcd",
  run: async ({ host, plan }) => {
    const { dataDir, aside, node, address, token, bump } = plan;
    const args = [programsDirectory, snapshotPath, dataDir, aside, node, peerUrl(address), token, String(bump)];
    await host.sh(restore, args, { timeoutMs: 600_000 });
  },
};
