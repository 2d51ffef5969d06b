// How a control plane comes up: looked at, decided, initialised or joined or adopted, and converged.
import type { Host } from "../host/host";
import { markJoined } from "../host/journal";
import { Kubectl } from "../host/kubectl";
import { withHost } from "../host/open";
import { withControlPlane } from "../host/reach";
import { deadline } from "../kubeadm/spec";
import { RefusedError } from "../lib/errors";
import type { Progress } from "../lib/progress";
import { preparesRecovery } from "../lib/recovery";
import { clusterEndpoint } from "../steps/endpoint/clusterEndpoint";
import { rememberEndpoint, rememberFirstEndpoint } from "../steps/endpoint/rememberEndpoint";
import { removeMember } from "../steps/etcd/removeMember";
import { convergeFront } from "../steps/front/convergeFront";
import { joinFront } from "../steps/front/joinFront";
import { startFront } from "../steps/front/startFront";
import { admitNode } from "../steps/kubeadm/admitNode";
import { applyCoreDns } from "../steps/kubeadm/applyCoreDns";
import { applyNetwork } from "../steps/kubeadm/applyNetwork";
import { approveCertificates } from "../steps/kubeadm/approveCertificates";
import { awaitReady } from "../steps/kubeadm/awaitReady";
import type { ClusterContext, JoinContext, NodeContext, NodePlan } from "../steps/kubeadm/context";
import { controlPlaneChangeDue, convergeControlPlane } from "../steps/kubeadm/convergeControlPlane";
import { convergeKubelet } from "../steps/kubeadm/convergeKubelet";
import { convergeKubeProxy } from "../steps/kubeadm/convergeKubeProxy";
import { type Decision, decide, type PeerView } from "../steps/kubeadm/decide";
import { denyFormer } from "../steps/kubeadm/denyFormer";
import { refuseContradictions } from "../steps/kubeadm/documents";
import { forgetInitToken } from "../steps/kubeadm/forgetInitToken";
import { forgetStaleTokens } from "../steps/kubeadm/forgetStaleTokens";
import { giveMeta } from "../steps/kubeadm/giveMeta";
import { initCluster } from "../steps/kubeadm/initCluster";
import { installApprover } from "../steps/kubeadm/installApprover";
import { joinCluster } from "../steps/kubeadm/joinCluster";
import { keepOffVirtualNodes } from "../steps/kubeadm/keepOffVirtualNodes";
import { isLeftover } from "../steps/kubeadm/leftover";
import { markComplete } from "../steps/kubeadm/markComplete";
import { observe, observePeer, observeSettled } from "../steps/kubeadm/observe";
import { placeFiles } from "../steps/kubeadm/placeFiles";
import { recordInCluster } from "../steps/kubeadm/recordInCluster";
import { rememberApplied } from "../steps/kubeadm/rememberApplied";
import { rememberShared } from "../steps/kubeadm/rememberShared";
import { removeStaleNode } from "../steps/kubeadm/removeStaleNode";
import { resetNode } from "../steps/kubeadm/resetNode";
import { runSteps, type Step } from "../steps/step";
import { refuseAhead } from "../steps/upgrade/apiServers";
import { upgradeDue } from "../steps/upgrade/due";
import { switchPrograms } from "../steps/upgrade/switchPrograms";
import type { Attempt } from "./attempt";
import { beforeControlPlaneChange } from "./controlPlaneGate";
import { endMove } from "./endMove";
import { introduceSpeaker } from "./frontSpeakers";
import { gate } from "./gate";
import { moveControlPlanes } from "./moveEndpoint";
import { certificatesOf, renewDueCertificates, renewEndedCertificates } from "./renewCertificates";
import { reviveFront } from "./reviveFront";
import { lookBeforeUpgrade, upgradeNode } from "./upgradeNode";

const start: readonly Step<NodeContext>[] = [placeFiles, startFront, initCluster];
/** What needs no network is done while the node gets one. */
const complete: readonly Step<ClusterContext>[] = [
  keepOffVirtualNodes,
  applyNetwork,
  giveMeta,
  forgetInitToken,
  installApprover,
  rememberApplied,
  awaitReady,
  applyCoreDns,
  convergeFront,
  markComplete,
  rememberFirstEndpoint,
  rememberShared,
  approveCertificates,
];
const joining: readonly Step<JoinContext>[] = [
  denyFormer,
  removeStaleNode,
  admitNode,
  recordInCluster,
  forgetStaleTokens,
  placeFiles,
  joinFront,
  joinCluster,
  installApprover,
  rememberApplied,
  approveCertificates,
  awaitReady,
  giveMeta,
];
/** `markComplete` again: it also brings back a record that was lost, which the others need. */
const first: readonly Step<ClusterContext>[] = [markComplete, admitNode, forgetStaleTokens, convergeFront];
const converge: readonly Step<ClusterContext>[] = [
  convergeControlPlane,
  convergeKubelet,
  convergeKubeProxy,
  applyNetwork,
  awaitReady,
  applyCoreDns,
  giveMeta,
  rememberApplied,
  rememberShared,
  rememberEndpoint,
  installApprover,
  approveCertificates,
];

export async function bringUpControlPlane(plan: NodePlan, attempt: Attempt): Promise<void> {
  const { name, target, timeouts, clusterId } = plan;
  const { progress } = attempt;
  refuseContradictions(plan);
  await withHost({ name, target, timeouts, progress, exclusive: true }, async (host) => {
    if (attempt.joined) await renewEndedCertificates({ host, progress, plan }, attempt);
    const decision = await look(plan, host, attempt);
    if (decision.action === "refuse") throw new RefusedError(decision.reason, decision.remedy);
    if (decision.action === "init" && preparesRecovery()) throw awaitsRecovery(host);
    await carryOut(decision, plan, host, attempt);
    await markJoined(host, clusterId, name);
    attempt.certificate = await certificatesOf(host);
  });
}

/** Whatever the state still knows: the cluster that is to be recovered is never started anew. */
function awaitsRecovery(host: Host): RefusedError {
  return new RefusedError(
    `${host.label} is prepared, and no cluster is started on it, because KUBEADM_RECOVER=prepare says that there was one`,
    "run `npx pulumi-kubeadm recover`, then `pulumi up` without KUBEADM_RECOVER",
  );
}

async function look(plan: NodePlan, host: Host, { joined, progress }: Attempt): Promise<Decision> {
  const { clusterId, name, timeouts } = plan;
  progress.say(`looking at ${host.label} and the other control planes`);
  const first = await observe(host);
  // A healthy node is not kept waiting for others that are off; one that lost its cluster has to know who still has it.
  const asked = joined && first.ready ? { ...plan, timeouts: { ...timeouts, connect: 5 } } : plan;
  let peers: Record<string, PeerView> = {};
  const asking = peerViews(asked, progress).then((views) => {
    peers = views;
  });
  const returned = { name, was: first.claim?.was, machineId: plan.target.machineId };
  const givenUp = () => Object.values(peers).some((peer) => peer.kind === "living" && isLeftover(peer, returned));
  const settling = { joined, patienceMs: deadline(timeouts, "ready"), givenUp };
  const [view] = await Promise.all([first.ready ? first : observeSettled(host, settling), asking]);
  const own = {
    ...view,
    ...returned,
    claim: view.claim?.clusterId,
    joined: joined || view.claim?.joined === true,
  };
  return decide({ clusterId, name, own, peers });
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

async function carryOut(decision: Possible, plan: NodePlan, host: Host, attempt: Attempt): Promise<void> {
  const { timeouts } = plan;
  const { progress } = attempt;
  // A join is looked at once more, by those it would join, and so is an upgrade.
  attempt.begun = decision.action === "init";
  const own = { host, progress, plan, kubectl: new Kubectl(host), approver: host };
  switch (decision.action) {
    case "adopt":
      return adopt(own, attempt);
    case "init":
      if (decision.reset) await resetNode(host, { timeouts, progress });
      await runSteps<NodeContext>(own, start);
      return runSteps<ClusterContext>(own, complete);
    case "join":
      return joinThrough(decision, plan, host, attempt);
  }
}

async function adopt(own: ClusterContext, attempt: Attempt): Promise<void> {
  const { host, plan } = own;
  await reviveFront(own);
  // A version and an endpoint may change together: the move comes after, and the upgrade does not write it down before.
  const staying = { ...own, plan: { ...plan, endpoint: await clusterEndpoint(own.kubectl) } };
  const found = await lookBeforeUpgrade(staying, attempt);
  if (upgradeDue(found, plan)) {
    await gate(own, attempt, "upgrade");
    await upgradeNode({ ...staying, found }, attempt);
  }
  attempt.begun = true;
  await runSteps<ClusterContext>(own, first);
  await renewDueCertificates(own, attempt);
  const endpoint = await moveControlPlanes(own, attempt);
  if (await controlPlaneChangeDue(host, { ...plan, endpoint })) await gate(own, attempt, "configuration");
  await convergeAt(endpoint, own, converge);
}

/** Amid a move the node stays at the endpoint that the others still use. */
async function convergeAt(
  endpoint: string,
  own: ClusterContext,
  steps: readonly Step<ClusterContext>[],
): Promise<void> {
  await runSteps<ClusterContext>({ ...own, plan: { ...own.plan, endpoint } }, steps);
  if (endpoint === own.plan.endpoint) await endMove(own);
}

async function joinThrough(
  { via, reset }: Possible & { action: "join" },
  plan: NodePlan,
  host: Host,
  attempt: Attempt,
): Promise<void> {
  const { name, target, timeouts } = plan;
  const { progress } = attempt;
  const reach = Object.fromEntries(Object.entries(plan.reach).filter(([peer]) => peer === via));
  await withControlPlane({ reach, timeouts, progress }, async (peer) => {
    const { address } = target;
    await refuseAhead(peer.kubectl, name, plan.kubernetesVersion);
    await beforeControlPlaneChange(peer, { change: "join", node: name, address, plan, progress });
    attempt.begun = true;
    // A member that an earlier life left in etcd would keep the new one out.
    await removeMember(peer, { name, address, progress });
    if (reset) {
      await resetNode(host, { timeouts, progress });
      // A node that comes back may be older than the cluster: what its preparation brought had to wait beside it until now.
      await switchPrograms(host, plan.kubernetesVersion);
    }
    const stale = (await peer.kubectl.get({ type: "nodes", name })) !== undefined;
    const own = { host, progress, plan, kubectl: peer.kubectl, approver: host };
    const current = { ...plan, endpoint: await clusterEndpoint(peer.kubectl) };
    await introduceSpeaker(own);
    await runSteps<JoinContext>({ ...own, plan: current, peer, stale }, joining);
    await convergeAt(await moveControlPlanes(own, attempt), own, [rememberEndpoint]);
  });
}
