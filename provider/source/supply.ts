// Where a host's programs and images come from, behind one door.
import { createReadStream } from "node:fs";
import type { Host, LocalFile } from "../host/host";
import type { Architecture } from "../host/os/os";
import type { Progress } from "../lib/progress";
import type { Artifact } from "./artifacts";
import type { Bundle } from "./bundle";
import { checkLocal } from "./checked";
import { stageByDownload } from "./download";
import { type StagedArtifact, stagingDirectory } from "./place";

export interface Supply {
  /** Absent: packages, programs and images come over the network. */
  readonly bundle: Bundle | undefined;
  /** This machine sends all of it to each host, so hosts share its line. */
  readonly sentFromHere: boolean;
  /** Known without asking anybody: only a bundle says. */
  digest(artifact: Artifact): string | undefined;
  /** On the host, in the staging directory, checked. */
  stage(host: Host, artifact: Artifact, options: StageOptions): Promise<StagedArtifact>;
  /** An image of the bundle into the runtime; absent where there is no bundle. */
  readonly importImage?: (host: Host, image: BundledImage, options: StageOptions) => Promise<void>;
  /** Brings what the other hosts will fetch; only on the host they fetch from. */
  readonly hold?: (host: Host, options: StageOptions) => Promise<void>;
}

export interface BundledImage {
  ref: string;
  local: LocalFile;
}

export interface StageOptions {
  architecture: Architecture;
  timeoutMs: number;
  progress: Progress;
  downloader: "curl" | "wget" | undefined;
}

/** `-` reads the archive from standard input. */
export const importCommand = ["ctr", "--namespace", "k8s.io", "images", "import"] as const;

export function stagedPath(artifact: Artifact): string {
  return `${stagingDirectory}/${artifact.path.slice(artifact.path.lastIndexOf("/") + 1)}`;
}

/** In tenths, so that a fast line does not flood the terminal. */
export async function sendFile(
  host: Host,
  file: LocalFile,
  path: string,
  title: string,
  progress: Progress,
): Promise<void> {
  let tenths = -1;
  await host.upload(file, path, 0o600, (bytes) => {
    const now = Math.floor((bytes * 10) / Math.max(1, file.size));
    if (now !== tenths) progress.say(`${host.label}: ${title}, ${now * 10} % sent`);
    tenths = now;
  });
}

/** Twice as fast to a host as with the default of 64 KiB. */
const largeReads = { highWaterMark: 256 * 1024 };

export function bundleSupply(bundle: Bundle): Supply {
  return {
    bundle,
    sentFromHere: true,
    digest: (artifact) => bundle.file(artifact.path).sha256,
    async stage(host, artifact, { progress }) {
      const file = bundle.file(artifact.path);
      const path = stagedPath(artifact);
      await sendFile(host, file, path, artifact.title, progress);
      return { artifact, sha256: file.sha256, path };
    },
    // Streamed into the runtime: no copy lies on the host's disk, and unpacking goes along with sending.
    async importImage(host, { local }, { timeoutMs }) {
      await checkLocal(local);
      await host.run([...importCommand, "-"], { stdin: createReadStream(local.path, largeReads), timeoutMs });
    },
  };
}

export function downloadSupply(mirror: string | undefined): Supply {
  return {
    bundle: undefined,
    sentFromHere: false,
    digest: () => undefined,
    stage: (host, artifact, options) => stageByDownload(host, artifact, stagedPath(artifact), mirror, options),
  };
}
