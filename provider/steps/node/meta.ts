// Labels, taints and annotations owned key by key: what the program gave a node and no longer names leaves it, others' keys stay. Pure.
import type { KubeObject } from "../../host/kubeObject";
import type { Taint } from "../../kubeadm/spec";

export interface NodeMeta {
  labels: Record<string, string>;
  taints: Taint[];
  annotations: Record<string, string>;
}

/** The truth about what is ours is on the Node itself, so it survives a lost state. */
export const ownedAnnotation = "pulumi-kubeadm/owned";

interface Owned {
  labels: string[];
  taints: string[];
  annotations: string[];
}

/** The change that brings a Node to what is wanted; undefined when it is that already. */
export function metaPatch(node: KubeObject, wanted: NodeMeta, before?: NodeMeta): object | undefined {
  const owned = merged(ownedOf(node), before ? keysOf(before) : none);
  const labels = changed(node.metadata.labels ?? {}, wanted.labels, owned.labels);
  const names = keysOf(wanted);
  const noted = isEmpty(names) && isEmpty(owned) ? {} : { [ownedAnnotation]: JSON.stringify(names) };
  const ours = { ...wanted.annotations, ...noted };
  const annotations = changed(node.metadata.annotations ?? {}, ours, owned.annotations);
  const present = taintsOf(node);
  const taints = mergedTaints(present, wanted.taints, owned.taints);
  const sameTaints = sameSet(present.map(whole), taints.map(whole));
  if (sameTaints && Object.keys(labels).length + Object.keys(annotations).length === 0) return undefined;
  // Taints are one list: with the version a change in between is refused instead of lost.
  if (sameTaints) return { metadata: { labels, annotations } };
  return { metadata: { labels, annotations, resourceVersion: node.metadata.resourceVersion }, spec: { taints } };
}

/** What the node has of what we gave it: equal to `known` unless somebody changed it. */
export function nodeDrift(node: KubeObject, known: NodeMeta): NodeMeta {
  const present = new Map(taintsOf(node).map((taint) => [taintKey(taint), taint]));
  return {
    labels: pick(node.metadata.labels ?? {}, known.labels),
    annotations: pick(node.metadata.annotations ?? {}, known.annotations),
    taints: known.taints.flatMap((taint) => {
      const found = present.get(taintKey(taint));
      if (!found) return [];
      // "" and no value are the same to the API.
      return [(found.value ?? "") === (taint.value ?? "") ? taint : found];
    }),
  };
}

const none: Owned = { labels: [], taints: [], annotations: [] };

function isEmpty({ labels, taints, annotations }: Owned): boolean {
  return labels.length + taints.length + annotations.length === 0;
}

function ownedOf(node: KubeObject): Owned {
  const text = node.metadata.annotations?.[ownedAnnotation];
  if (!text) return none;
  try {
    const { labels, taints, annotations } = JSON.parse(text) as Partial<Owned>;
    return { labels: strings(labels), taints: strings(taints), annotations: strings(annotations) };
  } catch (error) {
    // Somebody wrote over it: then nothing is known to be ours, and nothing is taken away.
    if (error instanceof SyntaxError) return none;
    throw error;
  }
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

function keysOf(meta: NodeMeta): Owned {
  return {
    labels: Object.keys(meta.labels).sort(),
    taints: meta.taints.map(taintKey).sort(),
    annotations: Object.keys(meta.annotations).sort(),
  };
}

function merged(a: Owned, b: Owned): Owned {
  const both = (field: keyof Owned) => [...new Set([...a[field], ...b[field]])];
  return { labels: both("labels"), taints: both("taints"), annotations: both("annotations") };
}

/** A merge patch of a map: null takes a key away. */
function changed(
  present: Record<string, string>,
  wanted: Record<string, string>,
  owned: string[],
): Record<string, string | null> {
  const set = Object.entries(wanted).filter(([key, value]) => present[key] !== value);
  const gone = owned.filter((key) => !(key in wanted) && key in present);
  return Object.fromEntries([...set, ...gone.map((key) => [key, null] as const)]);
}

function mergedTaints(present: Taint[], wanted: Taint[], owned: string[]): Taint[] {
  const ours = new Set([...owned, ...wanted.map(taintKey)]);
  return [...present.filter((taint) => !ours.has(taintKey(taint))), ...wanted];
}

export function taintsOf(node: KubeObject): Taint[] {
  const spec = node.spec as { taints?: Taint[] } | undefined;
  return spec?.taints ?? [];
}

/** What makes a taint one of its own to the API. */
export function taintKey({ key, effect }: Taint): string {
  return `${key}:${effect}`;
}

function whole(taint: Taint): string {
  return `${taintKey(taint)}=${taint.value ?? ""}`;
}

function sameSet(a: string[], b: string[]): boolean {
  return a.length === b.length && a.every((item) => b.includes(item));
}

function pick(present: Record<string, string>, known: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.keys(known).flatMap((key) => {
      const value = present[key];
      return value === undefined ? [] : [[key, value]];
    }),
  );
}
