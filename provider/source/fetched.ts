// A bundle that another host hands out, on the hosts that fetch it; what does not come that way comes over SSH.
import type { Host } from "../host/host";
import { journalDirectory } from "../host/journalScript";
import { messageOf, UnreachableError, UserError } from "../lib/errors";
import type { Bundle } from "./bundle";
import { fetchOnHost } from "./download";
import { stagingDirectory } from "./place";
import { bundleSupply, importCommand, type StageOptions, type Supply, sendFile, stagedPath } from "./supply";

const kubectlScript = `
umask 077
mkdir -p "$(dirname "$3")"
exec "$1" --kubeconfig=/dev/null --server="$2" get --raw "$4" >"$3"`;

/** `base` gives the address of what is handed out. */
export function fetchedSupply(bundle: Bundle, base: () => Promise<string>): Supply {
  const fetcher = new Fetcher(bundle, base);
  return {
    ...bundleSupply(bundle),
    sentFromHere: false,
    async stage(host, artifact, options) {
      const path = stagedPath(artifact);
      await fetcher.bring(host, artifact.path, path, options);
      return { artifact, sha256: bundle.file(artifact.path).sha256, path };
    },
    async importImage(host, { local }, options) {
      const path = `${stagingDirectory}/${local.sha256}.tar`;
      await fetcher.bring(host, local.path.slice(bundle.directory.length + 1), path, options);
      await host.sh(`"$@"; eval "rm -f \\"\\\${$#}\\""`, [...importCommand, path], { timeoutMs: options.timeoutMs });
    },
  };
}

class Fetcher {
  private kubectl: Promise<string> | undefined;
  /** A way that failed once is not tried for every file. */
  private shut = false;

  constructor(
    private readonly bundle: Bundle,
    private readonly base: () => Promise<string>,
  ) {}

  async bring(host: Host, path: string, target: string, options: StageOptions): Promise<void> {
    const { progress } = options;
    try {
      if (!this.shut) return await this.fetch(host, `${await this.base()}/${path}`, path, target, options);
    } catch (error) {
      if (error instanceof UnreachableError) throw error;
      // The bundle was made anew, or the network lets nothing through: the way that always works is only slower.
      const reason = messageOf(error);
      if (!this.shut) progress.warn(`${host.label}: the bundle comes over SSH, as fetching it failed: ${reason}`);
      this.shut = true;
    }
    await sendFile(host, this.bundle.file(path), target, path, progress);
  }

  /** By curl or wget where there is one, else by kubectl, which comes first and over SSH. */
  private async fetch(host: Host, url: string, path: string, target: string, options: StageOptions): Promise<void> {
    const { progress, downloader, timeoutMs } = options;
    const { host: served, origin, pathname, href } = new URL(url);
    progress.say(`${host.label}: fetching ${path} from ${served}`);
    if (downloader !== undefined) await fetchOnHost(host, downloader, href, target, timeoutMs);
    else {
      this.kubectl ??= bringKubectl(host, this.bundle, options);
      await host.sh(kubectlScript, [await this.kubectl, origin, target, pathname], { timeoutMs });
    }
    await checkArrived(host, target, this.bundle.file(path).sha256, timeoutMs);
  }
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
  throw new UserError(`${path} did not arrive as the bundle describes it`);
}
