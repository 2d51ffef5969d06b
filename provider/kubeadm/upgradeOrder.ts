// In which order an upgrade goes over the nodes, and what of a program would break it. Pure: from the program before and now.
import { minorOf, versionChangeProblems } from "./versions";

interface PlannedHost {
  controlPlane?: boolean | undefined;
  target?: { machineId?: string | undefined } | undefined;
}

/** What the cluster's Preflight is told, before and now; while a preview does not know all, less of it. */
export interface Plan {
  kubernetesVersion?: string | undefined;
  /** Control planes of the cluster's map, in its order. */
  order?: readonly string[] | undefined;
  hosts?: Readonly<Record<string, PlannedHost | undefined>> | undefined;
  upgrade?: { maxUnavailable?: number | string | undefined } | undefined;
}

function isUpgrade(before: Plan, after: Plan): boolean {
  const [from, to] = [before.kubernetesVersion, after.kubernetesVersion];
  return from !== undefined && to !== undefined && from !== to && versionChangeProblems(from, to).length === 0;
}

const without = (names: readonly string[], others: readonly string[]): string[] =>
  names.filter((name) => !others.includes(name));

function workersOf({ hosts = {} }: Plan): string[] {
  return Object.entries(hosts).flatMap(([name, host]) => (host?.controlPlane === false ? [name] : []));
}

/** Changes of the control planes that must not be made in one run with an upgrade. */
export function upgradeOrderProblems(before: Plan, after: Plan): string[] {
  if (before.order === undefined || after.order === undefined) return [];
  if (after.kubernetesVersion === undefined || after.kubernetesVersion === before.kubernetesVersion) return [];
  const staying = after.order.filter((name) => before.order?.includes(name));
  const last = after.order.lastIndexOf(staying.at(-1) ?? "");
  const early = without(after.order, before.order).filter((name) => (after.order ?? []).indexOf(name) < last);
  const leaving = without(before.order, after.order);
  const moving = staying.filter((name) => isAnotherMachine(before.hosts?.[name], after.hosts?.[name]));
  return [
    ...early.map(
      (name) =>
        `controlPlanes.${name}: a new control plane would join at ${after.kubernetesVersion} ahead of API servers that are still to be upgraded: put it last in controlPlanes, or add it in a run of its own`,
    ),
    ...leaving.map(
      (name) =>
        `controlPlanes.${name}: it would stay at ${before.kubernetesVersion} until the others and all workers are upgraded, and leave only then: take it out in a run of its own, before the upgrade`,
    ),
    ...moving.map(
      (name) =>
        `controlPlanes.${name}: it would leave one machine and join on another while the version changes: move it in a run of its own, before the upgrade or after it`,
    ),
  ];
}

function isAnotherMachine(before: PlannedHost | undefined, after: PlannedHost | undefined): boolean {
  const [old, now] = [before?.target?.machineId, after?.target?.machineId];
  return old !== undefined && now !== undefined && old !== now;
}

/** The order node by node, for whoever looks at a preview; empty when the version stays. */
export function upgradeOrder(before: Plan, after: Plan): string[] {
  const { order, kubernetesVersion: to } = after;
  const from = before.kubernetesVersion;
  if (!isUpgrade(before, after) || from === undefined || to === undefined) return [];
  if (order === undefined) return aloneOrder(from, to, after);
  const known = before.order ?? order;
  const kubelet = minorOf(from) === minorOf(to) ? "then the new kubelet" : "then drained for the new kubelet";
  const [first, ...others] = order.filter((name) => known.includes(name));
  const joining = without(order, known);
  const hadWorkers = workersOf(before);
  const workers = workersOf(after);
  const old = workers.filter((name) => hadWorkers.includes(name));
  const fresh = without(workers, hadWorkers);
  const steps = [
    ...(first === undefined ? [] : [`${first}: kubeadm upgrade apply, ${kubelet}`]),
    ...others.map((name) => `${name}: kubeadm upgrade node, ${kubelet}`),
    ...joining.map((name) => `${name}: joins as a control plane at ${to}`),
    ...(old.length === 0 ? [] : [`workers, ${atATime(after)}, each drained first: ${old.join(", ")}`]),
    ...(fresh.length === 0 ? [] : [`${fresh.join(", ")}: ${fresh.length === 1 ? "joins" : "join"} at ${to}`]),
  ];
  const lines = steps.map((step, index) => `  ${index + 1}. ${step}`);
  return [[`upgrade from ${from} to ${to}, in this order:`, ...lines].join("\n")];
}

/** Nodes that are declared by themselves know nothing of the others. */
function aloneOrder(from: string, to: string, { hosts = {} }: Plan): string[] {
  return Object.entries(hosts).map(([name, host]) => {
    const turn = host?.controlPlane
      ? "after the cluster's own control planes"
      : "after the control planes, in turn with the other workers";
    return `upgrade from ${from} to ${to}: ${name} follows ${turn}`;
  });
}

function atATime({ upgrade }: Plan): string {
  const setting = upgrade?.maxUnavailable ?? 1;
  return typeof setting === "number" ? `${setting} at a time` : `at most ${setting} at a time`;
}

/** How control planes come and go when the version stays: one change at a time. */
export function membershipOrder(before: Plan, after: Plan): string[] {
  if (before.order === undefined || after.order === undefined) return [];
  const joining = without(after.order, before.order);
  // The engine removes what came last first.
  const leaving = without(before.order, after.order).reverse();
  if (joining.length + leaving.length === 0) return [];
  const said = [
    ...(joining.length === 0 ? [] : [`${joining.join(", then ")} ${joining.length === 1 ? "joins" : "join"}`]),
    ...(leaving.length === 0 ? [] : [`${leaving.join(", then ")} ${leaving.length === 1 ? "leaves" : "leave"}`]),
  ];
  const [from, to] = [before.order.length, after.order.length];
  return [
    `control planes, ${from === to ? `${to} as before` : `from ${from} to ${to}`}, one change at a time: ${said.join("; ")}`,
  ];
}
