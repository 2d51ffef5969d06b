// Rules over a virtual node's arguments that need the cluster's: names, and machines that may not run an agent.
import type { Problem } from "../provider/kubeadm/problem";
import { kindOf, nodesOf } from "../provider/kubeadm/virtualKubelet/names";
import { virtualNameProblems, virtualNodeProblems } from "../provider/kubeadm/virtualKubelet/rules";
import { containsUnknown } from "../provider/lib/unknown";

type Plain = { readonly [key: string]: unknown };

export const notAWorker: Problem = {
  path: "runsOn",
  reason: "is a WorkerNode or `{ connection }`: a node agent never runs on a control plane",
};

/** `onWorker`: a kubelet runs there, which has the container runtime for itself. */
export function virtualRules(path: string, args: Plain, onWorker: boolean): Problem[] {
  const at = path === "" ? "runsOn" : `${path}.runsOn`;
  const reason = "has to be a `{ connection }` for `cri`: on a worker the kubelet has the runtime for itself";
  const shared = onWorker && kindOf(section(args["provider"])) === "cri";
  return [...virtualNodeProblems(path, args), ...(shared ? [{ path: at, reason }] : [])];
}

/** The cluster's own map: whatever is there beside it is known. */
export function clusterVirtualRules(args: Plain): Problem[] {
  const { controlPlanes, workers, virtualKubelets, connection } = args;
  const seen = new Map<string, string>();
  for (const field of ["controlPlanes", "workers"])
    for (const key of Object.keys(section(args[field]))) seen.set(key, `${field}.${key}`);
  return Object.entries(section(virtualKubelets)).flatMap(([key, value]) => {
    const path = `virtualKubelets.${key}`;
    const own = section(value);
    const { runsOn } = own;
    const onWorker = runsOn === undefined || typeof runsOn === "string";
    return [
      ...nameProblems(key, own, path, seen),
      // JavaScript puts such keys first, so the order in the program would not be the order here.
      ...(/^\d+$/.test(key)
        ? [{ path, reason: "a key that looks like an integer is reordered by JavaScript: give it a letter" }]
        : []),
      ...virtualRules(path, own, onWorker),
      ...(onWorker ? workerProblems(runsOn, section(workers), section(controlPlanes), path) : []),
      ...(onWorker ? [] : machineProblems(section(runsOn), connection, section(controlPlanes), `${path}.runsOn`)),
    ];
  });
}

function nameProblems(name: string, { provider }: Plain, path: string, seen: Map<string, string>): Problem[] {
  const problems = virtualNameProblems(name, provider, path);
  const nodes = nodesOf(name, simulationOf(provider));
  const other = nodes.find((node) => seen.has(node));
  for (const node of nodes) seen.set(node, path);
  if (other !== undefined) problems.push({ path, reason: `the name ${other} is taken by another node of the cluster` });
  return problems;
}

function workerProblems(runsOn: unknown, workers: Plain, controlPlanes: Plain, path: string): Problem[] {
  const at = `${path}.runsOn`;
  if (runsOn === undefined)
    return Object.keys(workers).length > 0 ? [] : [{ path: at, reason: "is needed, as the cluster has no `workers`" }];
  const name = String(runsOn);
  if (containsUnknown(runsOn)) return [{ path: at, reason: "has to be a plain value" }];
  if (controlPlanes[name] !== undefined)
    return [{ path: at, reason: `${name} is a control plane, and a node agent never runs on one` }];
  return workers[name] === undefined ? [{ path: at, reason: `there is no node "${name}" in workers` }] : [];
}

export interface VirtuallyAlone {
  name: string;
  taken: readonly string[];
  /** The cluster's `connection`. */
  defaults: unknown;
  controlPlanes: Plain;
}

/** A virtual node declared by itself, against what its cluster has already. */
export function aloneVirtualRules(args: Plain, { name, taken, defaults, controlPlanes }: VirtuallyAlone): Problem[] {
  const seen = new Map(taken.map((node) => [node, node]));
  const { runsOn } = args;
  return [
    ...nameProblems(name, args, "nodeName", seen),
    ...(runsOn === undefined ? [] : machineProblems(section(runsOn), defaults, controlPlanes, "runsOn")),
  ];
}

/** By the way there; a control plane behind another address is found when the machine has been looked at. */
function machineProblems(machine: Plain, defaults: unknown, controlPlanes: Plain, path: string): Problem[] {
  const way = wayOf(defaults, machine);
  if (way.host === undefined)
    return [{ path: `${path}.connection.host`, reason: "is needed, here or in the cluster's connection" }];
  if (containsUnknown(way)) return [];
  const same = Object.entries(controlPlanes).find(([, node]) => {
    const other = wayOf(defaults, section(node));
    return !containsUnknown(other) && JSON.stringify(other) === JSON.stringify(way);
  });
  return same
    ? [
        {
          path: `${path}.connection.host`,
          reason: `is the control plane ${same[0]}, and a node agent never runs on one`,
        },
      ]
    : [];
}

function wayOf(defaults: unknown, { connection }: Plain) {
  const { host, port, proxy }: Plain = { ...section(defaults), ...section(connection) };
  return { host, port: port ?? 22, proxy: proxy ?? null };
}

function simulationOf(provider: unknown): { simulated?: { nodes?: number } } {
  const nodes = section(section(provider)["simulated"])["nodes"];
  return typeof nodes === "number" && Number.isInteger(nodes) && nodes > 0 && nodes <= 5000
    ? { simulated: { nodes } }
    : {};
}

function section(value: unknown): Plain {
  return typeof value === "object" && value !== null ? (value as Plain) : {};
}
