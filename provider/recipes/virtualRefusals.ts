// What a virtual node is refused for, before anything is changed: its machine, and its name.
import type { Host } from "../host/host";
import type { LivingControlPlane } from "../host/reach";
import { criSocket, virtualType } from "../kubeadm/virtualKubelet/names";
import { RefusedError } from "../lib/errors";
import { readClusterRecord } from "../steps/node/clusterRecord";
import type { VirtualPlan } from "../steps/virtualKubelet/context";
import type { AgentSurvey } from "../steps/virtualKubelet/survey";

export function refuseMachine(host: Host, plan: VirtualPlan, survey: AgentSurvey): void {
  const { clusterId, name, reach, target, provider } = plan;
  const controlPlane = Object.keys(reach).find((node) => reach[node]?.machineId === target.machineId);
  if (controlPlane !== undefined || survey.controlPlane)
    throw new RefusedError(
      `${host.label} is ${controlPlane === undefined ? "a control plane" : `the control plane ${controlPlane}`}, and a node agent never runs on one`,
      "name a worker, or another machine, in `runsOn`",
    );
  if (!survey.systemd) throw new RefusedError(`${host.label} does not run systemd`, "name another machine in `runsOn`");
  if (provider.cri !== undefined) refuseRuntime(host, criSocket(provider.cri), survey);
  if (survey.owner !== undefined && survey.owner !== clusterId)
    throw new RefusedError(
      `${host.label} runs a node agent called ${name} of another cluster (${survey.owner})`,
      "give this one another name, or take the other out of the program that made it",
    );
}

function refuseRuntime(host: Host, socket: string, survey: AgentSurvey): void {
  if (survey.kubelet)
    throw new RefusedError(
      `${host.label} has a kubelet, which has its container runtime for itself`,
      "`cri` is for a machine with containerd and no kubelet",
    );
  if (!survey.runtime)
    throw new RefusedError(
      `${host.label} has no CRI socket ${socket}`,
      "install and start containerd there, or say in `cri.socket` where its socket is",
    );
}

/** A node of that name that is none of ours is never taken over. */
export async function refuseTaken(
  { kubectl }: LivingControlPlane,
  { name, target }: VirtualPlan,
  nodes: readonly string[],
) {
  const record = await readClusterRecord(kubectl);
  for (const node of nodes) {
    const known = record?.nodes[node];
    if (known !== undefined && known.role !== "virtual")
      throw new RefusedError(`${node} is a ${known.role} of the cluster`, `give ${name} another name`);
  }
  // What is in no record of ours came by somebody else.
  const strangers = nodes.filter((node) => record?.nodes[node] === undefined);
  if (strangers.length === 0) return;
  const listed = new Map((await kubectl.list({ type: "nodes" })).map((node) => [node.metadata.name, node]));
  for (const node of strangers) {
    const found = listed.get(node);
    if (found === undefined) continue;
    const info = (found.status as { nodeInfo?: { machineID?: string } } | undefined)?.nodeInfo;
    const ours = found.metadata.labels?.[virtualType.key] === virtualType.value && info?.machineID === target.machineId;
    if (!ours)
      throw new RefusedError(
        `the cluster has a node ${node} already, which this program did not make`,
        `give ${name} another name, or delete that node first`,
      );
  }
}
