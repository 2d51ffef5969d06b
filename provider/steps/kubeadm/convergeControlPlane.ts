// Files, arguments and volumes of the static pods: written where they differ, one proof for all, the old ones back if it fails.
import type { Host } from "../../host/host";
import { deadline } from "../../kubeadm/spec";
import type { Step } from "../step";
import {
  type Applied,
  appliedOf,
  changing,
  forgetApplied,
  readApplied,
  readShared,
  sharedOf,
  writeShared,
} from "./applied";
import { type ClusterContext, runDirectory } from "./context";
import { phaseDocuments } from "./documents";
import { type Marking, withFileDigests } from "./mountedFiles";
import { changedFiles } from "./placeFiles";
import { runKubeadm } from "./runKubeadm";
import { type Component, changeStaticPods, components, manifestDirectory, writeManifest } from "./staticPods";

const config = `${runDirectory}/control-plane.yaml`;

export const convergeControlPlane: Step<ClusterContext> = {
  title: "converge the control plane's configuration",
  run: async (context) => {
    const { host, kubectl, plan, progress } = context;
    const [applied, shared] = await Promise.all([readApplied(host), readShared(kubectl, "configuration")]);
    const wanted = appliedOf(plan);
    const drifted = await changedFiles(host, plan.files);
    const regenerate = applied?.controlPlane !== wanted.controlPlane;
    const stale = Object.keys(wanted.files).filter((path) => applied?.files[path] !== wanted.files[path]);
    const due = [...new Set([...stale, ...drifted])];
    if (regenerate || due.length > 0) {
      await forgetApplied(host, applied, "controlPlane");
      const proof = { host, kubectl, node: plan.name, timeoutMs: deadline(plan.timeouts, "ready"), progress };
      await changeStaticPods(proof, async () => {
        const former = await manifests(host);
        if (regenerate) await phase(context, ["control-plane", "all"]);
        await restartReaders(host, former, { digests: wanted.files, due });
      });
    }
    if (shared !== sharedOf(plan).configuration) await upload(context);
    await removeFormer(context, applied);
  },
};

/** After the proof: whoever joins is told what the ConfigMaps say, and shall not be told what does not run. */
async function upload(context: ClusterContext): Promise<void> {
  await writeShared(context.kubectl, { configuration: changing });
  await phase(context, ["upload-config", "all"]);
}

async function phase({ host, plan }: ClusterContext, name: readonly string[]): Promise<void> {
  await host.writeFile(config, phaseDocuments(plan), 0o600);
  await runKubeadm(host, ["init", "phase", ...name, "--config", config], {
    timeoutMs: deadline(plan.timeouts, "apply"),
  });
}

async function restartReaders(host: Host, former: Manifests, marking: Omit<Marking, "former">): Promise<void> {
  const written = await manifests(host);
  for (const component of components) {
    const marked = withFileDigests(written[component], { ...marking, former: former[component] });
    if (marked !== undefined && marked !== written[component]) await writeManifest(host, component, marked);
  }
}

type Manifests = Record<Component, string>;

async function manifests(host: Host): Promise<Manifests> {
  const texts = components.map(async (component) => {
    const content = await host.readFile(`${manifestDirectory}/${component}.yaml`);
    return [component, content?.toString("utf8") ?? ""] as const;
  });
  return Object.fromEntries(await Promise.all(texts)) as Manifests;
}

/** Only after the pods that mounted them are gone. */
async function removeFormer({ host, plan }: ClusterContext, applied: Applied | undefined): Promise<void> {
  const former = Object.keys(applied?.files ?? {}).filter((path) => !(path in plan.files));
  if (former.length > 0) await host.run(["rm", "-f", ...former]);
}
