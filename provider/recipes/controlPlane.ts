// How a control plane comes up: looked at, decided, initialised or joined or adopted, and converged.
import type { Host } from "../host/host";
import { markJoined } from "../host/journal";
import { Kubectl } from "../host/kubectl";
import { withHost } from "../host/open";
import { withControlPlane } from "../host/reach";
import { deadline } from "../kubeadm/spec";
import { RefusedError } from "../lib/errors";
import type { Progress } from "../lib/progress";
import { applyCoreDns } from "../steps/kubeadm/applyCoreDns";
import { applyNetwork } from "../steps/kubeadm/applyNetwork";
import { approveCertificates } from "../steps/kubeadm/approveCertificates";
import { awaitReady } from "../steps/kubeadm/awaitReady";
import type { ClusterContext, JoinContext, NodeContext, NodePlan } from "../steps/kubeadm/context";
import { convergeControlPlane } from "../steps/kubeadm/convergeControlPlane";
import { convergeKubelet } from "../steps/kubeadm/convergeKubelet";
import { convergeKubeProxy } from "../steps/kubeadm/convergeKubeProxy";
import { type Decision, decide, type PeerView } from "../steps/kubeadm/decide";
import { refuseContradictions } from "../steps/kubeadm/documents";
import { leaveEtcd } from "../steps/kubeadm/etcd";
import { forgetInitToken } from "../steps/kubeadm/forgetInitToken";
import { forgetStaleTokens } from "../steps/kubeadm/forgetStaleTokens";
import { giveMeta } from "../steps/kubeadm/giveMeta";
import { initCluster } from "../steps/kubeadm/initCluster";
import { installApprover } from "../steps/kubeadm/installApprover";
import { joinCluster } from "../steps/kubeadm/joinCluster";
import { markComplete } from "../steps/kubeadm/markComplete";
import { observePeer, observeSettled } from "../steps/kubeadm/observe";
import { placeFiles } from "../steps/kubeadm/placeFiles";
import { recordInCluster } from "../steps/kubeadm/recordInCluster";
import { rememberApplied } from "../steps/kubeadm/rememberApplied";
import { rememberShared } from "../steps/kubeadm/rememberShared";
import { removeStaleNode } from "../steps/kubeadm/removeStaleNode";
import { resetNode } from "../steps/kubeadm/resetNode";
import { runSteps, type Step } from "../steps/step";
import type { Attempt } from "./attempt";

const start: readonly Step<NodeContext>[] = [placeFiles, initCluster];
/** What needs no network is done while the node gets one. */
const complete: readonly Step<ClusterContext>[] = [
  applyNetwork,
  giveMeta,
  forgetInitToken,
  installApprover,
  rememberApplied,
  awaitReady,
  applyCoreDns,
  markComplete,
  rememberShared,
  approveCertificates,
];
const joining: readonly Step<JoinContext>[] = [
  removeStaleNode,
  recordInCluster,
  forgetStaleTokens,
  placeFiles,
  joinCluster,
  installApprover,
  rememberApplied,
  approveCertificates,
  awaitReady,
  giveMeta,
];
/** `markComplete` again first: it also brings back a record that was lost, which the others need. */
const converge: readonly Step<ClusterContext>[] = [
  markComplete,
  forgetStaleTokens,
  convergeControlPlane,
  convergeKubelet,
  convergeKubeProxy,
  applyNetwork,
  awaitReady,
  applyCoreDns,
  giveMeta,
  rememberApplied,
  rememberShared,
  installApprover,
  approveCertificates,
];

export async function bringUpControlPlane(plan: NodePlan, attempt: Attempt): Promise<void> {
  const { name, target, timeouts, clusterId } = plan;
  const { progress } = attempt;
  refuseContradictions(plan);
  await withHost({ name, target, timeouts, progress, exclusive: true }, async (host) => {
    const decision = await look(plan, host, attempt);
    if (decision.action === "refuse") throw new RefusedError(decision.reason, decision.remedy);
    attempt.begun = true;
    await carryOut(decision, plan, host, progress);
    await markJoined(host, clusterId, name);
  });
}

async function look(plan: NodePlan, host: Host, { joined, progress }: Attempt): Promise<Decision> {
  const { clusterId, name, timeouts } = plan;
  progress.say(`looking at ${host.label} and the other control planes`);
  const [view, peers] = await Promise.all([
    observeSettled(host, joined, deadline(timeouts, "ready")),
    joined ? {} : peerViews(plan, progress),
  ]);
  const own = { ...view, claim: view.claim?.clusterId, joined: joined || view.claim?.joined === true };
  const alone = decide({ clusterId, name, own, peers });
  // An update of a healthy node asks nobody else; one that lost its cluster has to know who still has it.
  if (!joined || alone.action === "adopt") return alone;
  return decide({ clusterId, name, own, peers: await peerViews(plan, progress) });
}

async function peerViews(
  { name, reach, clusterId, timeouts }: NodePlan,
  progress: Progress,
): Promise<Record<string, PeerView>> {
  const others = Object.entries(reach).filter(([peer]) => peer !== name);
  const options = { clusterId, timeouts, progress };
  return Object.fromEntries(
    await Promise.all(others.map(async ([peer, target]) => [peer, await observePeer(peer, target, options)] as const)),
  );
}

type Possible = Exclude<Decision, { action: "refuse" }>;

async function carryOut(decision: Possible, plan: NodePlan, host: Host, progress: Progress): Promise<void> {
  const { timeouts } = plan;
  const own = { host, progress, plan, kubectl: new Kubectl(host), approver: host };
  switch (decision.action) {
    case "adopt":
      return runSteps<ClusterContext>(own, converge);
    case "init":
      if (decision.reset) await resetNode(host, { timeouts, progress });
      await runSteps<NodeContext>(own, start);
      return runSteps<ClusterContext>(own, complete);
    case "join":
      return joinThrough(decision, plan, host, progress);
  }
}

async function joinThrough(
  { via, reset }: Possible & { action: "join" },
  plan: NodePlan,
  host: Host,
  progress: Progress,
): Promise<void> {
  const { name, target, timeouts } = plan;
  const reach = Object.fromEntries(Object.entries(plan.reach).filter(([peer]) => peer === via));
  await withControlPlane({ reach, timeouts, progress }, async (peer) => {
    // A member that an earlier life left in etcd would keep the new one out.
    await leaveEtcd(peer, { name, address: target.address });
    if (reset) await resetNode(host, { timeouts, progress });
    const stale = (await peer.kubectl.get({ type: "nodes", name })) !== undefined;
    await runSteps<JoinContext>({ host, progress, plan, kubectl: peer.kubectl, approver: host, peer, stale }, joining);
  });
}
