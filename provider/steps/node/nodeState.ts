// What a Node and the CNI's pod on it say about being ready. Pure.
import type { KubeObject } from "../../host/kubeObject";

export interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastHeartbeatTime?: string;
}

/** "none": the CNI is somebody else's, so the node only has to be there with a healthy kubelet. */
export type ExpectedCni = "flannel" | "none";

/** What the node itself still lacks, in words; undefined when nothing. */
export function nodeMissing(
  node: KubeObject | undefined,
  expected: { cni: ExpectedCni; kubernetesVersion: string },
): string | undefined {
  if (!node) return "the kubelet has not registered the node";
  const version = kubeletVersion(node);
  if (version !== `v${expected.kubernetesVersion}`) {
    return `the kubelet is ${version || "of no version yet"}, v${expected.kubernetesVersion} is wanted`;
  }
  const ready = condition(node, "Ready");
  if (!ready) return "the kubelet has not reported yet";
  if (expected.cni === "none" && ready.status === "False" && onlyNetwork(ready)) return undefined;
  if (ready.status !== "True") return `the node is not Ready: ${ready.message ?? ready.reason ?? "no reason given"}`;
  return undefined;
}

export function kubeletVersion(node: KubeObject): string {
  const status = node.status as { nodeInfo?: { kubeletVersion?: string } } | undefined;
  return status?.nodeInfo?.kubeletVersion ?? "";
}

export function condition(object: KubeObject, type: string): Condition | undefined {
  const status = object.status as { conditions?: Condition[] } | undefined;
  return status?.conditions?.find((found) => found.type === type);
}

/** The kubelet names every reason in one message, separated by commas. */
function onlyNetwork({ message = "" }: Condition): boolean {
  const reasons = message.split(/, (?=\w+:|container runtime|network|CSI)/);
  return reasons.every((reason) => /NetworkPluginNotReady|cni plugin not initialized|network.*not ready/i.test(reason));
}

/** What the CNI's pods on the node lack. */
export function cniMissing(pods: readonly KubeObject[]): string | undefined {
  const alive = pods.filter((pod) => !pod.metadata.deletionTimestamp);
  if (alive.length === 0) return "flannel has no pod on it yet";
  if (alive.some((pod) => condition(pod, "Ready")?.status === "True")) return undefined;
  return `flannel on it is not ready: ${alive.map(podTrouble).join("; ")}`;
}

interface ContainerStatus {
  name: string;
  ready?: boolean;
  state?: {
    waiting?: { reason?: string; message?: string };
    terminated?: { reason?: string; exitCode?: number; message?: string };
  };
  lastState?: { terminated?: { reason?: string; exitCode?: number } };
}

/** Why a pod is not ready, from the container that holds it up. */
export function podTrouble(pod: KubeObject): string {
  const status = (pod.status ?? {}) as {
    phase?: string;
    reason?: string;
    message?: string;
    initContainerStatuses?: ContainerStatus[];
    containerStatuses?: ContainerStatus[];
  };
  const containers = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  for (const { name, state, lastState } of containers) {
    if (state?.waiting?.reason && !/^(PodInitializing|ContainerCreating)$/.test(state.waiting.reason)) {
      return `container ${name}: ${said(state.waiting)}${last(lastState)}`;
    }
    const ended = state?.terminated;
    if (ended && ended.exitCode !== 0) return `container ${name}: ${said(ended)} (exit code ${ended.exitCode})`;
  }
  const scheduled = condition(pod, "PodScheduled");
  if (scheduled?.status === "False") return `not scheduled: ${scheduled.message ?? scheduled.reason}`;
  if (status.reason || status.message) return said(status);
  const late = containers.filter((container) => container.ready === false).map((container) => container.name);
  return late.length > 0
    ? `${status.phase}, waiting for container ${late.join(", ")}`
    : (status.phase ?? "no status yet");
}

function said({ reason, message }: { reason?: string; message?: string }): string {
  return [reason, message?.slice(0, 300)].filter(Boolean).join(": ");
}

function last(state: ContainerStatus["lastState"]): string {
  return state?.terminated ? `, ended before with exit code ${state.terminated.exitCode}` : "";
}
