// Whether new programs wait beside those that run. Pure.
import { kubernetesPrograms, kubernetesRelease, programDirectory } from "../../source/artifacts";
import type { Survey } from "./survey";

export const kubeletConf = "/etc/kubernetes/kubelet.conf";

/** The host is a node of its cluster: what runs there is other leaves' to change, or takes turns. */
export function servesNode({ journal, files }: Pick<Survey, "journal" | "files">): boolean {
  return journal.claim?.joined === true && files.has(kubeletConf);
}

/**
 * A node keeps the programs it runs until its turn to be upgraded. All three wait, or none: whoever upgrades finds them
 * together. What we put there last counts, also where somebody changed it since.
 */
export function waitsBeside(survey: Pick<Survey, "journal" | "files" | "placed">, version: string): boolean {
  if (!servesNode(survey)) return false;
  const running = kubernetesPrograms.map((program) => `${programDirectory}/${program}`);
  const release = kubernetesRelease(version);
  return survey.placed.some(({ file, artifact }) => running.includes(file) && !artifact.startsWith(release));
}
