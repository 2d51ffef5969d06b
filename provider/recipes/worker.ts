// How a worker comes up: looked at, joined or adopted, and converged.
import type { Host } from "../host/host";
import { markJoined } from "../host/journal";
import { withHost } from "../host/open";
import { type LivingControlPlane, withControlPlane } from "../host/reach";
import { RefusedError } from "../lib/errors";
import { sha256 } from "../lib/sha256";
import { moveKubelet } from "../steps/endpoint/moveKubelet";
import { rememberEndpoint } from "../steps/endpoint/rememberEndpoint";
import { admitNode } from "../steps/kubeadm/admitNode";
import { approveCertificates } from "../steps/kubeadm/approveCertificates";
import { awaitReady } from "../steps/kubeadm/awaitReady";
import type { ClusterContext, JoinContext, NodePlan } from "../steps/kubeadm/context";
import { convergeKubelet } from "../steps/kubeadm/convergeKubelet";
import { decideWorker, type WorkerDecision } from "../steps/kubeadm/decideWorker";
import { denyFormer } from "../steps/kubeadm/denyFormer";
import { refuseContradictions } from "../steps/kubeadm/documents";
import { forgetStaleTokens } from "../steps/kubeadm/forgetStaleTokens";
import { giveMeta } from "../steps/kubeadm/giveMeta";
import { clusterCa, joinCluster } from "../steps/kubeadm/joinCluster";
import { observe } from "../steps/kubeadm/observe";
import { recordInCluster } from "../steps/kubeadm/recordInCluster";
import { registeredNode } from "../steps/kubeadm/registeredNode";
import { rememberApplied } from "../steps/kubeadm/rememberApplied";
import { removeStaleNode } from "../steps/kubeadm/removeStaleNode";
import { resetNode } from "../steps/kubeadm/resetNode";
import { removedNames } from "../steps/node/removedNames";
import { runSteps, type Step } from "../steps/step";
import { refuseAhead } from "../steps/upgrade/apiServers";
import { switchPrograms } from "../steps/upgrade/switchPrograms";
import type { Attempt } from "./attempt";
import { convergeWorker } from "./convergeWorker";
import { endMove } from "./endMove";

const joining: readonly Step<JoinContext>[] = [
  denyFormer,
  removeStaleNode,
  admitNode,
  recordInCluster,
  forgetStaleTokens,
  joinCluster,
  rememberApplied,
  approveCertificates,
  awaitReady,
  giveMeta,
  rememberEndpoint,
];
const converge: readonly Step<ClusterContext>[] = [
  admitNode,
  recordInCluster,
  forgetStaleTokens,
  moveKubelet,
  convergeKubelet,
  awaitReady,
  giveMeta,
  rememberApplied,
  rememberEndpoint,
  approveCertificates,
];

export async function bringUpWorker(plan: NodePlan, attempt: Attempt): Promise<void> {
  const { name, target, reach, timeouts, clusterId } = plan;
  const { progress } = attempt;
  refuseContradictions(plan);
  await withHost({ name, target, timeouts, progress, exclusive: true }, (host) =>
    withControlPlane({ reach, timeouts, progress }, async (peer) => {
      const decision = await look(plan, host, peer, attempt.joined);
      if (decision.action === "refuse") throw new RefusedError(decision.reason, decision.remedy);
      const context = { host, progress, plan, kubectl: peer.kubectl, approver: peer.host, peer };
      if (decision.action === "adopt") await convergeWorker(context, converge, attempt);
      else {
        await refuseAhead(peer.kubectl, name, plan.kubernetesVersion);
        attempt.begun = true;
        if (decision.reset) {
          await resetNode(host, { timeouts, progress });
          // A node that comes back may be older than the cluster: what its preparation brought had to wait beside it until now.
          await switchPrograms(host, plan.kubernetesVersion);
        }
        await runSteps<JoinContext>({ ...context, stale: decision.stale }, joining);
      }
      await endMove(context);
      await markJoined(host, clusterId, name);
    }),
  );
}

async function look(plan: NodePlan, host: Host, peer: LivingControlPlane, joined: boolean): Promise<WorkerDecision> {
  const { clusterId, name, target } = plan;
  const [view, node, ca, removed] = await Promise.all([
    observe(host),
    registeredNode(peer.kubectl, name),
    clusterCa(peer.host),
    removedNames(peer.kubectl),
  ]);
  const was = view.claim?.was;
  const held = was === undefined ? node : await registeredNode(peer.kubectl, was);
  const sameCluster = view.ca === sha256(ca);
  const own = {
    claim: view.claim?.clusterId,
    joined: joined || view.claim?.joined === true,
    parts: view.parts.filter((part) => part !== "/etc/kubernetes/pki/ca.crt"),
    sameCluster,
    machineId: target.machineId,
    was,
  };
  const cluster = { removed, nodes: held === undefined ? [] : [was ?? name] };
  return decideWorker({ clusterId, name, address: target.address, own, node, cluster });
}
