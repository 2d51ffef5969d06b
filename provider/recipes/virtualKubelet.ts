// How a virtual node comes up: its machine looked at, its agent brought there, certified, started, and seen Ready.
import { deviceKeys } from "../host/deviceKeys";
import type { Host } from "../host/host";
import { withHost } from "../host/open";
import { type LivingControlPlane, withControlPlane } from "../host/reach";
import { kindOf, nodesOf } from "../kubeadm/virtualKubelet/names";
import { needsKeys } from "../kubeadm/virtualKubelet/providerDocument";
import type { ProviderKind } from "../kubeadm/virtualKubelet/spec";
import { RefusedError } from "../lib/errors";
import type { Progress } from "../lib/progress";
import { agentFile } from "../source/agent";
import { clusterCa } from "../steps/kubeadm/joinCluster";
import { runSteps, type Step } from "../steps/step";
import { awaitVirtualNodes } from "../steps/virtualKubelet/awaitVirtualNodes";
import { certifyNodes } from "../steps/virtualKubelet/certifyNodes";
import type { AgentContext, VirtualPlan } from "../steps/virtualKubelet/context";
import { emptySurplus, forgetSurplus } from "../steps/virtualKubelet/emptySurplus";
import { giveVirtualMeta } from "../steps/virtualKubelet/giveVirtualMeta";
import { keepProxyOff } from "../steps/virtualKubelet/keepProxyOff";
import { placeAgent } from "../steps/virtualKubelet/placeAgent";
import { type Ports, portsOf } from "../steps/virtualKubelet/ports";
import { recordVirtualNodes } from "../steps/virtualKubelet/recordVirtualNodes";
import { startAgent } from "../steps/virtualKubelet/startAgent";
import { type AgentSurvey, surveyAgent } from "../steps/virtualKubelet/survey";
import { writeAgentFiles } from "../steps/virtualKubelet/writeAgentFiles";
import { refuseMachine, refuseTaken } from "./virtualRefusals";

const preparing: readonly Step<AgentContext>[] = [
  recordVirtualNodes,
  emptySurplus,
  placeAgent,
  writeAgentFiles,
  certifyNodes,
];
/** Whether the agent starts anew is known only when everything it reads is in its place. */
const running: readonly Step<AgentContext>[] = [startAgent, awaitVirtualNodes, forgetSurplus, giveVirtualMeta];

/** One try: what the state knew, and what is known so far. */
export interface AgentAttempt {
  readonly progress: Progress;
  /** Nodes that the agent was, by the state. */
  readonly nodes: readonly string[];
  /** From here on a failure keeps the resource in the state. */
  begun: boolean;
  ports?: Ports;
  agentSha256?: string;
  /** Of the device's hops, by "host:port"; those of before are what the device has to prove. */
  deviceKeys?: Record<string, string> | undefined;
}

export async function bringUpVirtual(plan: VirtualPlan, attempt: AgentAttempt): Promise<void> {
  const { name, target, reach, timeouts } = plan;
  const { progress } = attempt;
  const kind = knownKind(plan);
  await withHost({ name, target, timeouts, progress, exclusive: true }, (host) =>
    withControlPlane({ reach, timeouts, progress }, async (peer) => {
      const survey = await surveyAgent(host, plan);
      refuseMachine(host, plan, survey);
      const nodes = nodesOf(name, plan.provider);
      await refuseTaken(peer, plan, nodes);
      const context = await contextOf({ host, peer, plan, kind, survey, nodes, attempt });
      attempt.begun = true;
      attempt.ports = { port: context.files.port, healthPort: context.files.healthPort };
      attempt.agentSha256 = context.program.sha256;
      // Clusters that an earlier release made have kube-proxy without it.
      await keepProxyOff(peer.kubectl);
      await runSteps(context, preparing);
      await runSteps(context, running);
    }),
  );
}

interface Parts {
  host: Host;
  peer: LivingControlPlane;
  plan: VirtualPlan;
  kind: ProviderKind;
  survey: AgentSurvey;
  nodes: readonly string[];
  attempt: AgentAttempt;
}

async function contextOf({ host, peer, plan, kind, survey, nodes, attempt }: Parts): Promise<AgentContext> {
  const { architecture } = survey;
  if (architecture === undefined)
    throw new RefusedError(`${host.label}: there is no node agent for ${survey.machine}`, "run it on amd64 or arm64");
  const ports = portsOf(host.label, definedPorts(plan), survey);
  attempt.deviceKeys = await keysOf(plan, attempt);
  const { deviceKeys } = attempt;
  const address = plan.address ?? plan.target.address.split(",")[0]?.trim() ?? "";
  return {
    host,
    progress: attempt.progress,
    plan,
    kind,
    kubectl: peer.kubectl,
    approver: peer.host,
    survey,
    files: { ...plan, ...ports, address, arch: archOf(plan, survey), deviceKeys, ca: await clusterCa(peer.host) },
    program: await agentFile(plan, architecture),
    nodes,
    surplus: attempt.nodes.filter((node) => !nodes.includes(node)),
    restart: survey.restart,
  };
}

/** Once: later the agent compares, and a key that changed is for the user to pin. */
async function keysOf({ name, provider, target, timeouts }: VirtualPlan, attempt: AgentAttempt) {
  const { progress, deviceKeys: known = {} } = attempt;
  const device = provider.ssh?.connection;
  if (device === undefined) return undefined;
  if (!needsKeys(device, known)) return known;
  progress.say(`looking at the host key of ${device.host}`);
  return deviceKeys({ name, device, from: target, known, timeouts, progress });
}

function definedPorts({ port, healthPort }: VirtualPlan): Partial<Ports> {
  return { ...(port === undefined ? {} : { port }), ...(healthPort === undefined ? {} : { healthPort }) };
}

/** Containers run on the agent's own machine, which has been looked at. */
export function archOf({ arch, provider }: Pick<VirtualPlan, "arch" | "provider">, survey: AgentSurvey) {
  return arch ?? (provider.cri === undefined ? undefined : survey.architecture);
}

export function knownKind({ name, provider }: Pick<VirtualPlan, "name" | "provider">): ProviderKind {
  const kind = kindOf(provider);
  if (kind === undefined) throw new RefusedError(`${name}: provider: exactly one is needed`);
  return kind;
}
