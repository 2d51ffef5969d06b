// A bundle that goes over SSH to one host only: that one keeps it and hands it out to the others over their own network.
import type { Host } from "../host/host";
import { journalDirectory } from "../host/journalScript";
import { UserError } from "../lib/errors";
import { programDirectory } from "./artifacts";
import type { Bundle } from "./bundle";
import { bundleSupply, importCommand, type Supply, sendFile, stagedPath } from "./supply";

const heldDirectory = `${journalDirectory}/bundle`;
/** Ended by undoing the preparation, and by itself when nobody has asked for long. */
export const serverUnit = "pulumi-kubeadm-bundle.service";

/** What another version's bundle left. $1: the directory; on standard input what stays. */
const forgetScript = `
cd "$1"
kept=$(cat)
find . -type f | grep -vxF "$kept" | while IFS= read -r path; do rm -f "$path"; done
find . -mindepth 1 -type d -empty -delete`;

/** Packages are small and go to each host directly. */
function handedOut(bundle: Bundle) {
  return bundle.index.files.filter(({ path }) => !path.startsWith("packages/") && path !== "bundle.json");
}

/** On the host that hands out: installs from its own copy. */
export function heldSupply(bundle: Bundle): Supply {
  return {
    ...bundleSupply(bundle),
    sentFromHere: false,
    async hold(host, { progress }) {
      for (const { path } of handedOut(bundle)) {
        await sendFile(host, bundle.file(path), `${heldDirectory}/${path}`, path, progress);
      }
      const wanted = handedOut(bundle).map(({ path }) => `./${path}\n`);
      await host.sh(forgetScript, [heldDirectory], { stdin: wanted.join("") });
    },
    async stage(host, artifact, { timeoutMs }) {
      const path = stagedPath(artifact);
      const script = `mkdir -p "$(dirname "$2")"; cp --reflink=auto "$1" "$2"`;
      await host.sh(script, [`${heldDirectory}/${artifact.path}`, path], { timeoutMs });
      return { artifact, sha256: bundle.file(artifact.path).sha256, path };
    },
    async importImage(host, { local }, { timeoutMs }) {
      await host.run([...importCommand, heldPath(bundle, local.path)], { timeoutMs });
    },
  };
}

function heldPath(bundle: Bundle, local: string): string {
  return `${heldDirectory}${local.slice(bundle.directory.length)}`;
}

/**
 * A server that every prepared host has: kubectl's proxy, which here passes nothing on (its API server is nobody) and
 * serves one directory. What is in there is public, and whoever fetches it checks the digests. $1: address.
 */
const serveScript = `
unit=${serverUnit}
said=/run/pulumi-kubeadm/bundle.address
address() { sed -n 's/^Starting to serve on //p' "$said" 2>/dev/null; }
if ! systemctl is-active --quiet "$unit"; then
  rm -f "$said"
  systemd-run --quiet --collect --unit="$unit" --property=RuntimeMaxSec=7200 --property=ProtectSystem=full --property=NoNewPrivileges=yes --property=StandardOutput="truncate:$said" \\
    ${programDirectory}/kubectl proxy --server=http://127.0.0.1:9 --address="$1" --port=0 --accept-hosts='^.*$' --api-prefix=/nobody/ --www=${heldDirectory} --www-prefix=/bundle/ || systemctl is-active --quiet "$unit"
fi
tries=0
until [ -n "$(address)" ]; do
  tries=$((tries + 1))
  if [ $tries -gt 50 ]; then journalctl --no-pager -n 5 -u "$unit" >&2; exit 1; fi
  sleep 0.2
done
address`;

/** Gives the base address of what the host hands out. */
export async function serveHeld(host: Host, address: string): Promise<string> {
  const { stdout } = await host.sh(serveScript, [address]);
  const served = stdout.trim();
  if (served !== "") return `http://${served}/bundle`;
  throw new UserError(`${host.label} does not hand out the bundle`, "prepare that host first, then run again");
}
