// Whether new programs wait beside those that run. Pure.
import { kubernetesPrograms, kubernetesRelease, programDirectory, releaseOf } from "../../source/artifacts";
import type { Survey } from "./survey";

export const kubeletConf = "/etc/kubernetes/kubelet.conf";

/** The host is a node of its cluster: what runs there is other leaves' to change, or takes turns. */
export function servesNode({ journal, files }: Pick<Survey, "journal" | "files">): boolean {
  return journal.claim?.joined === true && files.has(kubeletConf);
}

/**
 * The version that a node runs until its turn to be upgraded; undefined where the wanted one needs not wait. All three programs
 * wait, or none: whoever upgrades finds them together. What we put there last counts, also where somebody changed it since.
 */
export function versionBefore(
  survey: Pick<Survey, "journal" | "files" | "placed">,
  version: string,
): string | undefined {
  if (!servesNode(survey)) return undefined;
  const running = kubernetesPrograms.map((program) => `${programDirectory}/${program}`);
  const releases = survey.placed
    .filter(({ file }) => running.includes(file))
    .map(({ artifact }) => releaseOf(artifact));
  return releases.find((release) => release !== releaseOf(kubernetesRelease(version)));
}
