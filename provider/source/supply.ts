// Where a host's programs come from, behind one door.
import type { Host } from "../host/host";
import type { Architecture } from "../host/os/os";
import type { Source } from "../kubeadm/spec";
import type { Progress } from "../lib/progress";
import type { Artifact } from "./artifacts";
import { type Bundle, openBundle } from "./bundle";
import { stageByDownload } from "./download";
import { type StagedArtifact, stagingDirectory } from "./place";

export interface Supply {
  /** Absent: packages, programs and images come over the network. */
  readonly bundle: Bundle | undefined;
  /** Known without asking anybody: only a bundle says. */
  digest(artifact: Artifact): string | undefined;
  /** On the host, in the staging directory, checked. */
  stage(host: Host, artifact: Artifact, options: StageOptions): Promise<StagedArtifact>;
}

export interface StageOptions {
  architecture: Architecture;
  timeoutMs: number;
  progress: Progress;
  downloader: "curl" | "wget" | undefined;
}

export function stagedPath(artifact: Artifact): string {
  return `${stagingDirectory}/${artifact.path.slice(artifact.path.lastIndexOf("/") + 1)}`;
}

function bundleSupply(bundle: Bundle): Supply {
  return {
    bundle,
    digest: (artifact) => bundle.file(artifact.path).sha256,
    async stage(host, artifact, { progress }) {
      const file = bundle.file(artifact.path);
      const path = stagedPath(artifact);
      let tenths = -1;
      await host.upload(file, path, 0o600, (bytes) => {
        const now = Math.floor((bytes * 10) / Math.max(1, file.size));
        if (now !== tenths) progress.say(`${host.label}: ${artifact.title}, ${now * 10} % sent`);
        tenths = now;
      });
      return { artifact, sha256: file.sha256, path };
    },
  };
}

export async function supplyOf(source: Source): Promise<Supply> {
  if ("bundle" in source) return bundleSupply(await openBundle(source.bundle.path));
  const mirror = "download" in source ? source.download.mirror : undefined;
  return {
    bundle: undefined,
    digest: () => undefined,
    stage: (host, artifact, options) => stageByDownload(host, artifact, stagedPath(artifact), mirror, options),
  };
}
