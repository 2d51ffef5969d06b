// How a node that is part of the cluster comes to another version: its order of steps, and what is refused before the first of them.

import { messageOf, RefusedError } from "../lib/errors";
import { awaitReady } from "../steps/kubeadm/awaitReady";
import type { ClusterContext } from "../steps/kubeadm/context";
import { placeFiles } from "../steps/kubeadm/placeFiles";
import { kubeletVersion } from "../steps/node/nodeState";
import { runSteps, type Step } from "../steps/step";
import { awaitDaemonSets } from "../steps/upgrade/awaitDaemonSets";
import { awaitMoved } from "../steps/upgrade/awaitMoved";
import type { UpgradeContext } from "../steps/upgrade/context";
import { drainNode } from "../steps/upgrade/drainNode";
import { downgrade } from "../steps/upgrade/due";
import type { Found } from "../steps/upgrade/found";
import { lookAtVersions } from "../steps/upgrade/found";
import { keepEtcdSnapshot } from "../steps/upgrade/keepEtcdSnapshot";
import { proveControlPlane } from "../steps/upgrade/proveControlPlane";
import { putNodeAside } from "../steps/upgrade/putNodeAside";
import { replaceKubelet } from "../steps/upgrade/replaceKubelet";
import { runUpgrade } from "../steps/upgrade/runUpgrade";
import { takeNodeBack } from "../steps/upgrade/takeNodeBack";
import { writeConfiguration } from "../steps/upgrade/writeConfiguration";
import type { Attempt } from "./attempt";

/** The static pods change under their own proof; pods only leave for the kubelet. */
const controlPlane: readonly Step<UpgradeContext>[] = [
  placeFiles,
  writeConfiguration,
  keepEtcdSnapshot,
  runUpgrade,
  putNodeAside,
  drainNode,
  replaceKubelet,
  proveControlPlane,
  awaitReady,
  awaitDaemonSets,
  takeNodeBack,
  awaitMoved,
];

/** Nothing is touched before the node is empty. */
const emptying: readonly Step<UpgradeContext>[] = [putNodeAside, drainNode];
const worker: readonly Step<UpgradeContext>[] = [
  runUpgrade,
  replaceKubelet,
  awaitReady,
  awaitDaemonSets,
  takeNodeBack,
  awaitMoved,
];

/** What runs there, refused when kubeadm has no way from it to what is wanted. */
export async function lookBeforeUpgrade({ host, kubectl, plan }: ClusterContext, attempt: Attempt): Promise<Found> {
  const found = await lookAtVersions(host, kubectl, plan);
  attempt.nodeVersion = found.kubelet;
  const ahead = downgrade(found, plan);
  if (ahead !== undefined)
    throw new RefusedError(
      `${host.label}: the cluster is at ${ahead} already, and kubeadm has no way back to ${plan.kubernetesVersion}`,
      `set \`kubernetesVersion\` to ${ahead.replace(/^v/, "")} or later`,
    );
  return found;
}

/** A worker that cannot be emptied is as it was: refused, so that its state keeps the version it has. */
export async function emptyWorker(context: UpgradeContext): Promise<void> {
  try {
    await runSteps(context, emptying);
  } catch (error) {
    if (error instanceof RefusedError) throw error;
    throw new RefusedError(messageOf(error), undefined, { cause: error });
  }
}

export async function upgradeNode(context: UpgradeContext, attempt: Attempt): Promise<void> {
  const { kubectl, plan } = context;
  const { name } = plan;
  try {
    await runSteps(context, plan.role === "worker" ? worker : controlPlane);
  } catch (error) {
    // What the node is by now belongs into the state; where nobody can be asked, it keeps what was known.
    const node = await kubectl.get({ type: "nodes", name }).catch(() => undefined);
    if (node) attempt.nodeVersion = kubeletVersion(node);
    throw error;
  }
  attempt.nodeVersion = `v${plan.kubernetesVersion}`;
}
