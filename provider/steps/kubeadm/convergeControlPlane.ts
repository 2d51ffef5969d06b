// Files, arguments and volumes of the static pods: written where they differ, one proof for all, the old ones back if it fails.
import type { Host } from "../../host/host";
import { deadline } from "../../kubeadm/spec";
import { UserError } from "../../lib/errors";
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
import { type ClusterContext, type NodePlan, runDirectory } from "./context";
import { phaseDocuments } from "./documents";
import { withFileDigests } from "./mountedFiles";
import { changedFiles } from "./placeFiles";
import { runKubeadm } from "./runKubeadm";
import { components, keepMarks, type StaticPod } from "./staticPodManifest";
import { changeStaticPods, type Manifests } from "./staticPods";

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
      const proof = { host, node: plan.name, timeoutMs: deadline(plan.timeouts, "ready"), progress };
      await changeStaticPods(proof, async (former) => {
        const manifests = regenerate ? await regenerated(context, former) : former;
        const marking = { digests: wanted.files, due };
        return new Map([...manifests].map(([pod, text]) => [pod, withFileDigests(text, marking)]));
      });
    }
    if (shared !== sharedOf(plan).configuration) await upload(context);
    await removeFormer(context, applied);
  },
};

/** Whether the static pods have to be started anew for it. */
export async function controlPlaneChangeDue(host: Host, plan: NodePlan): Promise<boolean> {
  const applied = await readApplied(host);
  const wanted = appliedOf(plan);
  const stale = Object.keys(wanted.files).some((path) => applied?.files[path] !== wanted.files[path]);
  return stale || applied?.controlPlane !== wanted.controlPlane;
}

/** After the proof: whoever joins is told what the ConfigMaps say, and shall not be told what does not run. */
async function upload(context: ClusterContext): Promise<void> {
  await writeShared(context.kubectl, { configuration: changing });
  await phase(context, ["upload-config", "all"]);
}

async function phase({ host, plan }: ClusterContext, name: readonly string[], env = {}): Promise<void> {
  await host.writeFile(config, phaseDocuments(plan), 0o600);
  await runKubeadm(host, ["init", "phase", ...name, "--config", config], {
    timeoutMs: deadline(plan.timeouts, "apply"),
    env,
  });
}

const staged = `${runDirectory}/manifests`;

/** Written beside: kubeadm itself would write them in place, where the kubelet may read half a file, or one without its marks. */
async function regenerated(context: ClusterContext, former: Manifests): Promise<Manifests> {
  const { host } = context;
  await host.run(["rm", "-rf", staged]);
  await phase(context, ["control-plane", "all", "--dry-run"], { KUBEADM_INIT_DRYRUN_DIR: staged });
  const texts = components.map(async (pod) => {
    const text = (await host.readFile(`${staged}/${pod}.yaml`))?.toString("utf8");
    if (text === undefined) throw new UserError(`${host.label}: kubeadm wrote no manifest of ${pod}`);
    return [pod, keepMarks(text, former.get(pod) ?? "")] as const;
  });
  const written = new Map<StaticPod, string>(await Promise.all(texts));
  await host.run(["rm", "-rf", staged]);
  return written;
}

/** Only after the pods that mounted them are gone. */
async function removeFormer({ host, plan }: ClusterContext, applied: Applied | undefined): Promise<void> {
  const former = Object.keys(applied?.files ?? {}).filter((path) => !(path in plan.files));
  if (former.length > 0) await host.run(["rm", "-f", ...former]);
}
