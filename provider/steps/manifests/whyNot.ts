// Why an object is not ready: from the pods that belong to it, and from the warnings about it and them.
import type { Kubectl } from "../../host/kubectl";
import type { KubeObject } from "../../host/kubeObject";
import { condition, podTrouble } from "../node/nodeState";

const most = 3;

/** At most a few lines: pods in trouble, else what events say. */
export async function whyNot(kubectl: Kubectl, object: KubeObject): Promise<string[]> {
  const { namespace } = object.metadata;
  if (!namespace) return [];
  const pods = (await podsOf(kubectl, object, namespace)).filter((pod) => condition(pod, "Ready")?.status !== "True");
  const lines = pods.slice(0, most).map(describe);
  for (const about of [object, ...pods.slice(0, most)]) lines.push(...(await warnings(kubectl, about, namespace)));
  return [...new Set(lines)].slice(0, 2 * most);
}

async function podsOf(kubectl: Kubectl, object: KubeObject, namespace: string): Promise<KubeObject[]> {
  if (object.kind === "Pod") return [object];
  const { selector } = (object.spec ?? {}) as {
    selector?: { matchLabels?: Record<string, string> } | Record<string, string>;
  };
  const wanted = selector && "matchLabels" in selector ? selector.matchLabels : undefined;
  const pairs = Object.entries(wanted ?? {}).filter((pair): pair is [string, string] => typeof pair[1] === "string");
  if (pairs.length === 0) return [];
  return kubectl.list({ type: "pods", namespace, labels: pairs.map(([key, value]) => `${key}=${value}`).join(",") });
}

function describe(pod: KubeObject): string {
  const node = (pod.spec as { nodeName?: string } | undefined)?.nodeName;
  return `pod ${pod.metadata.name}${node ? ` on ${node}` : ""}: ${podTrouble(pod)}`;
}

interface Event {
  reason?: string;
  message?: string;
  type?: string;
}

async function warnings(kubectl: Kubectl, { kind, metadata }: KubeObject, namespace: string): Promise<string[]> {
  const fields = `type=Warning,involvedObject.kind=${kind},involvedObject.name=${metadata.name}`;
  const events = (await kubectl.list({ type: "events", namespace, fields })) as unknown as Event[];
  return events
    .slice(-1)
    .map(({ reason, message }) => `${kind} ${metadata.name}: ${reason}: ${message?.slice(0, 300)}`);
}
