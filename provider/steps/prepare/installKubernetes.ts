import { deadline } from "../../kubeadm/spec";
import type { Artifact } from "../../source/artifacts";
import { installArtifacts, type StagedArtifact } from "../../source/place";
import type { StageOptions, Supply } from "../../source/supply";
import type { Step } from "../step";
import type { PrepareContext } from "./context";

/** Artifacts whose files do not all lie untouched where we put them. */
export function missingArtifacts(
  { survey, supply }: Pick<PrepareContext, "survey"> & { supply: Pick<Supply, "digest"> },
  wanted: readonly Artifact[],
): Artifact[] {
  return wanted.filter((artifact) => {
    const digest = supply.digest(artifact);
    const files = survey.placed.filter(
      ({ artifact: path, sha256, file }) =>
        path === artifact.path &&
        (digest === undefined || digest === sha256) &&
        (artifact.kind === "archive" || file === artifact.target),
    );
    return files.length === 0 || files.some(({ untouched }) => !untouched);
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

/** kubeadm, kubelet and kubectl of the exact version; the kubelet waits for kubeadm, which starts it, or for its upgrade. */
export const installKubernetes: Step<PrepareContext> = {
  title: "install Kubernetes programs",
  when: (context) => missingArtifacts(context, context.plan.kubernetes).length > 0,
  async run(context) {
    const { host, plan, inputs } = context;
    await installMissing(context, plan.kubernetes);
    const kubeadm = `${plan.programs}/kubeadm`;
    const { stdout } = await host.run([kubeadm, "version", "-o", "short"]);
    const wanted = `v${inputs.kubernetesVersion.replace(/^v/, "")}`;
    if (stdout.trim() !== wanted) throw new Error(`${kubeadm} says it is ${stdout.trim()}, not ${wanted}`);
  },
};
