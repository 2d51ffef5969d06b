// A bundle that goes over SSH to one host only: that one keeps it and hands it out to the others over their own network.
import type { Host } from "../host/host";
import { journalDirectory } from "../host/journalScript";
import { UserError } from "../lib/errors";
import { programDirectory } from "./artifacts";
import type { Bundle } from "./bundle";
import { fetchOnHost } from "./download";
import { stagingDirectory } from "./place";
import { bundleSupply, importCommand, type StageOptions, type Supply, sendFile, stagedPath } from "./supply";

const heldDirectory = `${journalDirectory}/bundle`;
/** Ended by undoing the preparation, and by itself when nobody has asked for long. */
export const serverUnit = "pulumi-kubeadm-bundle.service";

/** Packages are small and go to each host directly. */
function handedOut(bundle: Bundle) {
  return bundle.index.files.filter(({ path }) => !path.startsWith("packages/") && path !== "bundle.json");
}

/** On the host that hands out: installs from its own copy. */
export function heldSupply(bundle: Bundle): Supply {
  return {
    ...bundleSupply(bundle),
    async hold(host, { progress }) {
      for (const { path } of handedOut(bundle)) {
        await sendFile(host, bundle.file(path), `${heldDirectory}/${path}`, path, progress);
      }
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

const kubectlScript = `
umask 077
mkdir -p "$(dirname "$3")"
exec "$1" --kubeconfig=/dev/null --server="$2" get --raw "$4" >"$3"`;

/** On the others: by curl or wget where there is one, else by kubectl, which comes first and over SSH. */
export function fetchedSupply(bundle: Bundle, base: () => Promise<string>): Supply {
  let kubectl: Promise<string> | undefined;
  const fetchTo = async (host: Host, path: string, target: string, options: StageOptions): Promise<void> => {
    const address = new URL(`${await base()}/${path}`);
    options.progress.say(`${host.label}: fetching ${path} from ${address.host}`);
    if (options.downloader !== undefined) {
      await fetchOnHost(host, options.downloader, address.href, target, options.timeoutMs);
    } else {
      kubectl ??= bringKubectl(host, bundle, options);
      const program = await kubectl;
      await host.sh(kubectlScript, [program, address.origin, target, address.pathname], {
        timeoutMs: options.timeoutMs,
      });
    }
    await checkArrived(host, target, bundle.file(path).sha256, options.timeoutMs);
  };
  return {
    ...bundleSupply(bundle),
    async stage(host, artifact, options) {
      const path = stagedPath(artifact);
      await fetchTo(host, artifact.path, path, options);
      return { artifact, sha256: bundle.file(artifact.path).sha256, path };
    },
    async importImage(host, { local }, options) {
      const path = `${stagingDirectory}/${local.sha256}.tar`;
      await fetchTo(host, local.path.slice(bundle.directory.length + 1), path, options);
      await host.sh(`"$@"; eval "rm -f \\"\\\${$#}\\""`, [...importCommand, path], { timeoutMs: options.timeoutMs });
    },
  };
}

async function bringKubectl(host: Host, bundle: Bundle, { architecture, progress }: StageOptions): Promise<string> {
  const file = bundle.file(`dl.k8s.io/release/v${bundle.index.kubernetesVersion}/bin/linux/${architecture}/kubectl`);
  const path = `${journalDirectory}/fetch/kubectl`;
  await sendFile(host, file, path, "kubectl", progress);
  await host.run(["chmod", "700", path]);
  return path;
}

async function checkArrived(host: Host, path: string, sha256: string, timeoutMs: number): Promise<void> {
  const script = `if [ "$(sha256sum <"$1")" = "$2  -" ]; then exit 0; fi; rm -f "$1"; exit 3`;
  const { code } = await host.sh(script, [path, sha256], { ok: [0, 3], timeoutMs });
  if (code === 0) return;
  throw new UserError(
    `${path} did not arrive as the bundle describes it`,
    "run again: the host that hands it out is asked anew",
  );
}
