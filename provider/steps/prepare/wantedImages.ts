// Which images a host should have: the role's own, and on workers what the bundle holds beside Kubernetes, for the workloads.
import type { BundledImage } from "../../source/supply";
import type { PrepareContext } from "./context";

export async function bundledImages({ supply, architecture }: PrepareContext): Promise<Map<string, BundledImage>> {
  const all = (await supply.bundle?.images(architecture)) ?? [];
  return new Map(all.map((image) => [image.ref, image]));
}

export function wantedImages({ plan, inputs }: PrepareContext, bundled: Map<string, BundledImage>): string[] {
  const workloads = inputs.roles.worker ? [...bundled.keys()].filter(plan.isWorkload) : [];
  return [...new Set([...plan.images, ...workloads])];
}
