// What control planes and workers are both told, and what a change of it means.
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import {
  drainSchema,
  type Hop,
  kubeadmSchema,
  type Network,
  networkSchema,
  nodeMetaShape,
  type OnUnreachable,
  onUnreachableSchema,
  reachSchema,
  type Target,
  targetSchema,
  timeoutsSchema,
  upgradeSchema,
} from "../kubeadm/spec";
import { versionChangeProblems } from "../kubeadm/versions";
import { RefusedError } from "../lib/errors";
import type { Attempt } from "../recipes/attempt";
import { hopAddress } from "../ssh/hop";
import type { Change } from "./handler";

export const nodeShape = {
  clusterId: z.string().min(1),
  clusterName: z.string().min(1),
  name: z.string().min(1),
  target: targetSchema,
  reach: reachSchema,
  /** "host:port" */
  endpoint: z.string().min(1),
  kubernetesVersion: z.string().min(1),
  network: networkSchema,
  ...nodeMetaShape,
  kubeadm: kubeadmSchema.optional(),
  kubeletExtraArgs: z.record(z.string(), z.string()).optional(),
  providerId: z.string().optional(),
  preflightIgnore: z.array(z.string()).optional(),
  drain: drainSchema.optional(),
  /** What a delete does when the host cannot be asked. KUBEADM_ON_UNREACHABLE overrides it for one run. */
  onUnreachable: onUnreachableSchema.optional(),
  upgrade: upgradeSchema.optional(),
  timeouts: timeoutsSchema.optional(),
  /** What a refresh found different; a program never says it, so that it shows as a change. */
  drift: z.array(z.string()).optional(),
};

export const nodeChanges = {
  clusterId: "fixed",
  clusterName: "fixed",
  name: "fixed",
  target: "replace",
  reach: "quiet",
  endpoint: "work",
  kubernetesVersion: "work",
  network: "work",
  labels: "work",
  taints: "work",
  annotations: "work",
  kubeadm: "work",
  kubeletExtraArgs: "work",
  providerId: "fixed",
  preflightIgnore: "quiet",
  drain: "quiet",
  onUnreachable: "quiet",
  upgrade: "quiet",
  timeouts: "quiet",
  drift: "work",
} as const satisfies Record<keyof typeof nodeShape, Change>;

export const nodeOutputs = z.object({
  /** The node is part of the cluster: from here on no cluster is ever started on it again. */
  joined: z.boolean(),
  nodeName: z.string(),
  nodeVersion: z.string(),
});
export type NodeOutputs = z.infer<typeof nodeOutputs>;

/** What was seen of a node, whatever the program says and also after an update that failed. */
export function seenOutputs({ nodeVersion }: Pick<Attempt, "nodeVersion">): Partial<NodeOutputs> {
  return nodeVersion === undefined ? {} : { nodeVersion };
}

interface Ruled {
  kubernetesVersion: string;
  network: Network;
}

export function nodeRules(news: Partial<Ruled>, olds: Ruled | undefined): string[] {
  if (!olds) return [];
  return [...versionRule(news.kubernetesVersion, olds.kubernetesVersion), ...networkRules(news.network, olds.network)];
}

function versionRule(after: string | undefined, before: string): string[] {
  return after === undefined || after === before ? [] : versionChangeProblems(before, after);
}

function networkRules(after: Network | undefined, before: Network): string[] {
  if (!after) return [];
  return (["podCidr", "serviceCidr", "dnsDomain"] as const)
    .filter((field) => !isDeepStrictEqual(after[field], before[field]))
    .map(
      (field) =>
        `network.${field}: a running cluster cannot change it from ${before[field]} to ${after[field]}; keep ${before[field]}`,
    );
}

/** Another machine, or the same one under another address: the node leaves and joins again. */
export function isAnother(olds: { target: Target }, news: { target?: Target }): boolean {
  const { target } = news;
  if (!target) return false;
  if (target.machineId === olds.target.machineId) return target.address !== olds.target.address;
  return !isReinstalled(olds.target, target);
}

/**
 * Another machine-id behind the same way and the same address: the former machine cannot be asked there any more, whatever
 * became of it. Its node is taken out through the API, and this machine joins in its place: an update, which knows both.
 */
export function isReinstalled(before: Target, now: Target): boolean {
  const way = ({ connection, address }: Target) => JSON.stringify([wayOf(connection).map(hopAddress), address]);
  return before.machineId !== now.machineId && way(before) === way(now);
}

function wayOf(hop: Hop): Hop[] {
  return hop.proxy ? [...wayOf(hop.proxy), hop] : [hop];
}

/** The machine that was this node until now, where another one answers in its place. */
export function formerMachine(before: Target, now: Target): { formerMachine?: string } {
  return isReinstalled(before, now) ? { formerMachine: before.machineId } : {};
}

export function onUnreachable(wanted: OnUnreachable | undefined, env: NodeJS.ProcessEnv = process.env): OnUnreachable {
  const forRun = env.KUBEADM_ON_UNREACHABLE;
  if (forRun === undefined || forRun === "") return wanted ?? "stop";
  const { data } = onUnreachableSchema.safeParse(forRun);
  if (data) return data;
  throw new RefusedError(
    `KUBEADM_ON_UNREACHABLE is "${forRun}"`,
    `set it to ${onUnreachableSchema.options.join(", ")}`,
  );
}
