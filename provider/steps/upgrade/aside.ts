// A node that an upgrade took pods from: written on the Node itself, so that whoever comes after a killed run knows whose cordon it
// is and which workloads are still owed. A cordon without this mark is the user's and stays.
import type { Kubectl } from "../../host/kubectl";
import type { KubeObject } from "../../host/kubeObject";

export const asideAnnotation = "pulumi-kubeadm/upgrade";

/** Somebody whose ready pods were counted before the node was emptied. */
export interface Owed {
  kind: string;
  apiVersion: string;
  namespace: string;
  name: string;
  /** So many were ready. */
  ready: number;
}

export interface Aside {
  /** By us: it is ours to undo. */
  cordoned: boolean;
  /** Owners of the pods that had to leave. */
  moved: Owed[];
  /** DaemonSets whose pod on this node was ready. */
  daemons: Owed[];
}

export function asideOf(node: KubeObject): Aside | undefined {
  const text = node.metadata.annotations?.[asideAnnotation];
  if (text === undefined) return undefined;
  try {
    const { cordoned, moved, daemons } = JSON.parse(text) as Partial<Aside>;
    return { cordoned: cordoned === true, moved: moved ?? [], daemons: daemons ?? [] };
  } catch (error) {
    // Somebody wrote over it; that it is there still says that an upgrade of ours did not end.
    if (error instanceof SyntaxError) return { cordoned: true, moved: [], daemons: [] };
    throw error;
  }
}

export function isCordoned(node: KubeObject): boolean {
  return (node.spec as { unschedulable?: boolean } | undefined)?.unschedulable === true;
}

/** Mark and cordon in one change: a cordon of ours is never without its mark. */
export async function putAside(kubectl: Kubectl, node: KubeObject, owed: Omit<Aside, "cordoned">): Promise<void> {
  const before = asideOf(node);
  const cordoned = before?.cordoned === true || !isCordoned(node);
  const aside: Aside = {
    cordoned,
    moved: joined(before?.moved ?? [], owed.moved),
    daemons: joined(before?.daemons ?? [], owed.daemons),
  };
  await patch(kubectl, node.metadata.name, aside, cordoned ? { unschedulable: true } : {});
}

/** The node takes pods again, if it was ours to cordon; what it still owes stays written down. */
export async function takeBack(kubectl: Kubectl, name: string): Promise<void> {
  const node = await kubectl.get({ type: "nodes", name });
  const aside = node && asideOf(node);
  if (!aside?.cordoned) return;
  await patch(kubectl, name, { ...aside, cordoned: false }, { unschedulable: null });
}

/** The last act, or the end of a try that changed nothing: nothing is owed any more, and a cordon of ours goes with the mark. */
export async function clearAside(kubectl: Kubectl, name: string): Promise<void> {
  const node = await kubectl.get({ type: "nodes", name });
  const aside = node && asideOf(node);
  if (!aside) return;
  const spec = aside.cordoned ? { unschedulable: null } : {};
  await kubectl.patch({ type: "nodes", name }, { metadata: { annotations: { [asideAnnotation]: null } }, spec });
}

async function patch(kubectl: Kubectl, name: string, aside: Aside, spec: object): Promise<void> {
  const annotations = { [asideAnnotation]: JSON.stringify(aside) };
  await kubectl.patch({ type: "nodes", name }, { metadata: { annotations }, spec });
}

/** What was counted first counts: later there are fewer because of us. */
function joined(before: readonly Owed[], now: readonly Owed[]): Owed[] {
  const key = ({ kind, namespace, name }: Owed) => `${kind}/${namespace}/${name}`;
  const known = new Set(before.map(key));
  return [...before, ...now.filter((owed) => !known.has(key(owed)))];
}
