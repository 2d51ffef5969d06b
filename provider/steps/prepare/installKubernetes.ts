import { deadline } from "../../kubeadm/spec";
import type { Artifact } from "../../source/artifacts";
import { installArtifacts, type StagedArtifact } from "../../source/place";
import type { StageOptions } from "../../source/supply";
import type { Step } from "../step";
import type { PrepareContext } from "./context";

/** Artifacts whose files do not all lie untouched where we put them. */
export function missingArtifacts({ survey, supply }: PrepareContext, wanted: readonly Artifact[]): Artifact[] {
  return wanted.filter((artifact) => {
    const digest = supply.digest(artifact);
    return !survey.placed.some(
      ({ artifact: path, sha256 }) => path === artifact.path && (digest === undefined || digest === sha256),
    );
  });
}

export function stageOptions(context: PrepareContext, kind: "transfer" | "images"): StageOptions {
  const { architecture, progress, survey, inputs } = context;
  return { architecture, progress, downloader: survey.downloader, timeoutMs: deadline(inputs.timeouts, kind) };
}

/** One after the other; what was sent ahead is not sent again. */
export async function stageMissing(context: PrepareContext, wanted: readonly Artifact[]): Promise<StagedArtifact[]> {
  const { host, supply, staged = [] } = context;
  const options = stageOptions(context, "transfer");
  const all = [];
  for (const artifact of missingArtifacts(context, wanted)) {
    const ahead = staged.find(({ artifact: { path } }) => path === artifact.path);
    all.push(ahead ?? (await supply.stage(host, artifact, options)));
  }
  return all;
}

/** Staged, then moved to their places together. */
export async function installMissing(context: PrepareContext, wanted: readonly Artifact[]): Promise<boolean> {
  const staged = await stageMissing(context, wanted);
  await installArtifacts(context.host, staged, stageOptions(context, "transfer").timeoutMs);
  return staged.length > 0;
}

/** kubeadm, kubelet and kubectl of the exact version; the kubelet waits for kubeadm, which starts it. */
export const installKubernetes: Step<PrepareContext> = {
  title: "install Kubernetes programs",
  when: (context) => missingArtifacts(context, context.plan.kubernetes).length > 0,
  async run(context) {
    const { host, plan, inputs } = context;
    await installMissing(context, plan.kubernetes);
    const { stdout } = await host.run([plan.kubeadm, "version", "-o", "short"]);
    const wanted = `v${inputs.kubernetesVersion.replace(/^v/, "")}`;
    if (stdout.trim() !== wanted) throw new Error(`${plan.kubeadm} says it is ${stdout.trim()}, not ${wanted}`);
  },
};
