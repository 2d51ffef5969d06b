// What the program says goes into the cluster's ConfigMaps before kubeadm upgrades: it reads its configuration from there and ignores
// one that is given to it. Still with the old version: `upgrade apply` writes the new one when the first control plane runs it.
import { parseAllDocuments } from "yaml";
import type { KubeObject } from "../../host/kubeObject";
import { skipsPhase } from "../../kubeadm/configuration";
import { deadline } from "../../kubeadm/spec";
import { normalVersion } from "../../kubeadm/versions";
import { clusterEndpoint } from "../endpoint/clusterEndpoint";
import { changing, writeShared } from "../kubeadm/applied";
import { runDirectory } from "../kubeadm/context";
import { phaseDocuments } from "../kubeadm/documents";
import { runKubeadm } from "../kubeadm/runKubeadm";
import type { Step } from "../step";
import type { UpgradeContext } from "./context";
import { applyDue } from "./due";
import { newKubeadm } from "./programs";

const config = `${runDirectory}/upgrade.yaml`;

export const writeConfiguration: Step<UpgradeContext> = {
  title: "write the configuration to the cluster first",
  when: ({ plan, found }) => applyDue(found, plan),
  run: async ({ host, kubectl, plan, found }) => {
    const options = { program: await newKubeadm(host, plan), timeoutMs: deadline(plan.timeouts, "apply") };
    // What the ConfigMaps say is not what runs until the upgrade is through.
    await writeShared(kubectl, { configuration: changing, upgrade: changing });
    // And still with the endpoint that the nodes use, where that changes as well.
    const endpoint = await clusterEndpoint(kubectl);
    const before = { ...plan, endpoint, kubernetesVersion: normalVersion(found.configured) };
    await host.writeFile(config, phaseDocuments(before), 0o600);
    await runKubeadm(host, ["init", "phase", "upload-config", "all", "--config", config], options);
    if (skipsPhase(plan.kubeadm, "addon/kube-proxy")) return;
    const print = ["init", "phase", "addon", "kube-proxy", "--print-manifest", "--config", config];
    const configMap = configMapOf((await runKubeadm(host, print, options)).stdout);
    if (configMap) await kubectl.apply([configMap], { fieldManager: "pulumi-kubeadm-upgrade", force: true });
  },
};

/** Only what kube-proxy reads: its pods stay as they are until every API server is of the new version. */
function configMapOf(manifests: string): KubeObject | undefined {
  const objects = parseAllDocuments(manifests).map((document) => document.toJS() as KubeObject | null);
  return objects.find((object) => object?.kind === "ConfigMap" && object.metadata.name === "kube-proxy") ?? undefined;
}
