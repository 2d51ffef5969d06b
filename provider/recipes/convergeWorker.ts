// A worker of the cluster is brought to what the program says; whatever restarts its kubelet waits for its turn among the workers.
import type { Kubectl } from "../host/kubectl";
import type { KubeObject } from "../host/kubeObject";
import { controlPlaneRole } from "../kubeadm/names";
import { unavailableBudget } from "../kubeadm/unavailable";
import { RefusedError } from "../lib/errors";
import { withTurn } from "../lib/turns";
import { kubeletMoveDue } from "../steps/endpoint/moveKubelet";
import { readApplied } from "../steps/kubeadm/applied";
import type { ClusterContext, NodePlan } from "../steps/kubeadm/context";
import { kubeletChangeDue } from "../steps/kubeadm/convergeKubelet";
import { condition } from "../steps/node/nodeState";
import { runSteps, type Step } from "../steps/step";
import { refuseAhead } from "../steps/upgrade/apiServers";
import { upgradeDue } from "../steps/upgrade/due";
import type { Found } from "../steps/upgrade/found";
import type { Attempt } from "./attempt";
import { emptyWorker, lookBeforeUpgrade, upgradeNode } from "./upgradeNode";

export async function convergeWorker(
  context: ClusterContext,
  steps: readonly Step<ClusterContext>[],
  attempt: Attempt,
): Promise<void> {
  const { host, kubectl, plan, progress } = context;
  const found = await lookBeforeUpgrade(context, attempt);
  const upgrade = upgradeDue(found, plan);
  if (upgrade) await refuseUpgrade(kubectl, plan, found);
  const work = async () => {
    if (upgrade) await emptyWorker({ ...context, found });
    attempt.begun = true;
    if (upgrade) await upgradeNode({ ...context, found }, attempt);
    await runSteps(context, steps);
  };
  const restarts =
    upgrade || (await kubeletMoveDue(host, plan)) || (await kubeletChangeDue(host, plan, await readApplied(host)));
  if (!restarts) return work();
  const capacity = (inside: readonly string[]) => places(kubectl, plan, inside);
  return withTurn(`${plan.clusterId}/workers`, { name: plan.name, capacity }, (text) => progress.say(text), work);
}

/** An upgrade of ours that did not end is taken up again however it left the node. */
async function refuseUpgrade(kubectl: Kubectl, { name, kubernetesVersion }: NodePlan, found: Found): Promise<void> {
  if (!found.ready && found.aside === undefined)
    throw new RefusedError(
      `${name} is not Ready, so it is not upgraded to ${kubernetesVersion}`,
      `bring it back (\`kubectl describe node ${name}\` tells why), or take it out of the program; then run again`,
    );
  await refuseAhead(kubectl, name, kubernetesVersion);
}

/** Asked anew for every turn: a worker may have gone in the meantime. Whoever has its turn is away with our leave. */
async function places(kubectl: Kubectl, { name, upgrade }: NodePlan, inside: readonly string[]): Promise<number> {
  const workers = (await kubectl.list({ type: "nodes" })).filter(isWorker);
  const budget = unavailableBudget(upgrade?.maxUnavailable, workers.length);
  const away = workers
    .filter((node) => condition(node, "Ready")?.status !== "True")
    .map((node) => node.metadata.name)
    .filter((node) => node !== name && !inside.includes(node));
  if (away.length < budget) return budget - away.length;
  throw new RefusedError(
    `${name} was not changed: ${away.join(", ")} ${away.length === 1 ? "is" : "are"} not Ready, and of the workers ${budget} may be away at a time`,
    "bring them back, or allow more with `upgrade.maxUnavailable`",
  );
}

function isWorker({ metadata: { labels = {} } }: KubeObject): boolean {
  return labels[controlPlaneRole] === undefined && labels.type !== "virtual-kubelet";
}
