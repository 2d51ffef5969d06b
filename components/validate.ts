// At the door: every problem of the arguments at once, by path, before a single resource is registered.
import * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";
import { describe, type Problem } from "../provider/kubeadm/problem";
import { evenNumber } from "../provider/kubeadm/quorum";
import { aboutUnknown, unknownValue } from "../provider/lib/unknown";
import type { OfCluster } from "./args/node";
import type { VirtualKubeletNodeArgs } from "./args/virtualKubelet";
import { aloneRules, clusterRules, nodeRules, type Plain } from "./rules";
import {
  addonSchema,
  clusterSchema,
  controlPlaneNodeSchema,
  virtualKubeletNodeSchema,
  workerNodeSchema,
} from "./schema";
import { aloneVirtualRules, notAWorker, virtualRules } from "./virtualKubeletRules";

export function checkClusterArgs(name: string, args: object): void {
  const plain = withoutOutputs(args) as Plain;
  refuse(`K8sCluster ${name}`, [...shape(clusterSchema, plain), ...clusterRules(plain)]);
  const count = Object.keys((plain["controlPlanes"] ?? {}) as object).length;
  const worth = evenNumber(count);
  if (worth !== undefined) void pulumi.log.warn(`K8sCluster ${name}: controlPlanes: ${worth}`);
}

export function checkNodeArgs(kind: "ControlPlaneNode" | "WorkerNode", name: string, args: OfCluster): void {
  const { cluster, ...own } = args;
  const plain = withoutOutputs(own) as Plain;
  const schema = kind === "ControlPlaneNode" ? controlPlaneNodeSchema : workerNodeSchema;
  refuse(`${kind} ${name}`, [
    ...shape(schema, plain, { cluster }),
    ...nodeRules("", plain),
    ...alone(name, args, plain),
  ]);
}

/** A cluster that is not wired yet has checked its own nodes as a whole. */
function alone(name: string, { cluster, nodeName }: OfCluster, plain: Plain): Problem[] {
  if (!cluster?.wiring) return [];
  const taken = [...Object.keys(cluster.wiring.machines), ...cluster.wiring.virtualNodes];
  return aloneRules(plain, { name: nodeName ?? name, taken, defaults: withoutOutputs(cluster.args.connection) });
}

/** `onWorker`: its `runsOn` is one, or nothing is said and the cluster's first one is meant. */
export function checkVirtualKubeletArgs(name: string, args: VirtualKubeletNodeArgs, onWorker: boolean): void {
  const { cluster, runsOn, ...own } = args;
  // Of this package or any other: whatever registers itself is no machine's description.
  const registered = pulumi.Resource.isInstance(runsOn);
  const plain = withoutOutputs({ ...own, ...(registered ? {} : { runsOn }) }) as Plain;
  refuse(`VirtualKubeletNode ${name}`, [
    ...shape(virtualKubeletNodeSchema, plain, { cluster }),
    ...(registered && !onWorker ? [notAWorker] : []),
    ...virtualRules("", plain, onWorker),
    ...virtuallyAlone(name, args, plain),
  ]);
}

function virtuallyAlone(name: string, { cluster, nodeName }: VirtualKubeletNodeArgs, plain: Plain): Problem[] {
  if (!cluster?.wiring) return [];
  const { machines, virtualNodes, args } = cluster.wiring;
  const taken = [...Object.keys(machines), ...virtualNodes];
  const controlPlanes = withoutOutputs(args.controlPlanes) as Plain;
  const defaults = withoutOutputs(args.connection);
  return aloneVirtualRules(plain, { name: nodeName ?? name, taken, defaults, controlPlanes });
}

export function checkAddonArgs(name: string, args: { cluster: object }): void {
  const { cluster, ...own } = args;
  refuse(`Addon ${name}`, shape(addonSchema, withoutOutputs(own) as Plain, { cluster }));
}

/** `whole` is judged as it is: a cluster leads back to itself, and to Outputs that say nothing about these arguments. */
function shape(schema: z.ZodType, args: Plain, whole: Plain = {}): Problem[] {
  const result = schema.safeParse({ ...args, ...whole });
  if (result.success) return [];
  return result.error.issues
    .filter((issue) => !aboutUnknown(args, issue))
    .map((issue) => ({ path: issue.path.map(String).join("."), reason: issue.message }));
}

/** What only the run will tell stands in as unknown: the leaves check it when it is there. */
function withoutOutputs(value: unknown): unknown {
  if (pulumi.Output.isInstance(value) || value instanceof Promise) return unknownValue;
  if (Array.isArray(value)) return value.map(withoutOutputs);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => (item === undefined ? [] : [[key, withoutOutputs(item)]])),
  );
}

/** A RunError is shown as it is, without a stack: it is the program's user who has to read it. */
function refuse(what: string, problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  const lines = problems.map((problem) => `  - ${describe(problem)}`);
  throw new pulumi.RunError(
    `${what}: the arguments have ${problems.length === 1 ? "a problem" : "problems"}:\n${lines.join("\n")}`,
  );
}
