// What a refresh finds of a virtual node: in the cluster and on its agent's machine, each told apart from not having been able to ask.
import { isDeepStrictEqual } from "node:util";
import type { KubeObject } from "../host/kubeObject";
import { withHost } from "../host/open";
import { withControlPlane } from "../host/reach";
import { agentFiles } from "../kubeadm/virtualKubelet/documents";
import { agentPaths, agentProgram } from "../kubeadm/virtualKubelet/names";
import { agentUnit } from "../kubeadm/virtualKubelet/unit";
import { AuthenticationError, HostKeyError, UnreachableError } from "../lib/errors";
import type { Progress } from "../lib/progress";
import { sha256 } from "../lib/sha256";
import { type NodeMeta, nodeDrift } from "../steps/node/meta";
import type { VirtualPlan } from "../steps/virtualKubelet/context";
import { virtualMeta } from "../steps/virtualKubelet/giveVirtualMeta";
import { nodesNamed } from "../steps/virtualKubelet/nodesNamed";
import { type AgentSurvey, surveyAgent } from "../steps/virtualKubelet/survey";
import { archOf, knownKind } from "./virtualKubelet";

export interface KnownAgent {
  nodes: readonly string[];
  port?: number | undefined;
  healthPort?: number | undefined;
  agentSha256?: string | undefined;
  deviceKeys?: Readonly<Record<string, string>> | undefined;
}

export interface VirtualSurvey {
  /** Proven: no Node, and nothing of the agent on the machine. */
  gone: boolean;
  drift: string[];
}

export async function surveyVirtual(plan: VirtualPlan, known: KnownAgent, progress: Progress): Promise<VirtualSurvey> {
  const { name, target, reach, timeouts } = plan;
  const [machine, there] = await Promise.all([
    asked(name, progress, () =>
      withHost({ name, target, timeouts, progress, exclusive: false }, (host) => surveyAgent(host, plan)),
    ),
    asked(name, progress, () =>
      withControlPlane({ reach, timeouts, progress }, ({ kubectl }) => nodesNamed(kubectl, known.nodes)),
    ),
  ]);
  const gone = there?.length === 0 && machine !== undefined && machine.owner === undefined;
  return {
    gone,
    drift: [
      ...(there ? nodesDrift(plan, known.nodes, there) : []),
      ...(machine ? machineDrift(plan, known, machine) : []),
    ],
  };
}

export function nodesDrift(plan: VirtualPlan, names: readonly string[], nodes: readonly KubeObject[]): string[] {
  const wanted = virtualMeta(plan);
  const byName = new Map(nodes.map((node) => [node.metadata.name, node]));
  return names.flatMap((name) => {
    const node = byName.get(name);
    if (node === undefined) return [`${name} is no node of the cluster`];
    const found = nodeDrift(node, wanted);
    const changed = (["labels", "taints", "annotations"] as const).filter((part) => !sameMeta(found, wanted, part));
    return changed.length === 0 ? [] : [`the ${changed.join(" and ")} of ${name} were changed`];
  });
}

function sameMeta(found: NodeMeta, wanted: NodeMeta, part: keyof NodeMeta): boolean {
  return isDeepStrictEqual(found[part], wanted[part]);
}

export function machineDrift(plan: VirtualPlan, known: KnownAgent, survey: AgentSurvey): string[] {
  const { name, target } = plan;
  const { unitName } = agentPaths(name);
  if (survey.owner === undefined) return [`no node agent of ${name} is on its machine`];
  return [
    ...(survey.active ? [] : [`${unitName} does not run`]),
    ...(survey.enabled ? [] : [`${unitName} is not enabled`]),
    ...(survey.restart ? [`${unitName} was not started since its files were changed`] : []),
    ...programDrift(known, survey),
    ...filesDrift(plan, known, survey, target.address.split(",")[0]?.trim() ?? ""),
  ];
}

function programDrift({ agentSha256 }: KnownAgent, { files }: AgentSurvey): string[] {
  if (agentSha256 === undefined) return [];
  const path = agentProgram(agentSha256);
  return files.get(path) === agentSha256 ? [] : [`${path} is missing or was changed`];
}

/** By what they would be now; only the cluster's authority is not known without asking. */
function filesDrift(plan: VirtualPlan, known: KnownAgent, survey: AgentSurvey, address: string): string[] {
  const { files } = survey;
  const { port, healthPort, agentSha256, deviceKeys } = known;
  if (port === undefined || healthPort === undefined || agentSha256 === undefined) return [];
  const wanted = [
    ...agentFiles({
      ...{ ...plan, port, healthPort, deviceKeys, ca: "" },
      ...{ arch: archOf(plan, survey), address: plan.address ?? address },
    }),
    agentUnit({ name: plan.name, kind: knownKind(plan), sha256: agentSha256, device: plan.provider.serial?.device }),
  ];
  return wanted
    .filter(({ path }) => path !== agentPaths(plan.name).ca)
    .filter(({ path, content }) => files.get(path) !== sha256(content))
    .map(({ path }) => `${path} is missing or was changed`);
}

/** undefined: nobody could be asked, so nothing is known and the state stays as it is. */
async function asked<T>(name: string, progress: Progress, ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    const unasked =
      error instanceof UnreachableError || error instanceof AuthenticationError || error instanceof HostKeyError;
    if (!unasked) throw error;
    progress.warn(`${name} was not looked at, so its last known state is kept: ${error.message.split("\n")[0]}`);
    return undefined;
  }
}
