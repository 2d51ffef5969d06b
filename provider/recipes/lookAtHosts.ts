// What a preflight looks at: hosts that are new, and for another version every host and the cluster itself. One report of it all.
import { clusterClocks } from "../host/clocks";
import { lookAtAll } from "../host/lookAll";
import { whoHas } from "../host/whoHas";
import type { Target } from "../kubeadm/spec";
import type { Progress } from "../lib/progress";
import type { VirtualIp } from "../preflight/check";
import type { PreflightInputs } from "../preflight/inputs";
import { judge } from "../preflight/judge";
import { preflightError } from "../preflight/preflight";
import { leftoverNames } from "./leftoverNames";
import { type Gated, passGate, withGate } from "./upgradeGate";

export interface LookRequest {
  progress: Progress;
  inputs: PreflightInputs;
  /** Machines that were good before, by name. */
  passed: Readonly<Record<string, string>>;
  /** The virtual address that was found unused before. */
  virtualIp: string | undefined;
  /** Another version: from which, and whether the cluster was there before. */
  upgrade: { from: string; established: boolean | undefined } | undefined;
}

/** Throws all that is wrong at once; gives whether the cluster is there, where it was asked. */
export async function lookAtHosts(request: LookRequest): Promise<boolean | undefined> {
  const { inputs, passed, upgrade, progress } = request;
  const targets = Object.entries(inputs.hosts).map(([name, { target }]) => [name, target] as const);
  const isNew = ([name, { machineId }]: readonly [string, Target]): boolean => passed[name] !== machineId;
  const fresh = targets.filter(isNew);
  const seen = inputs.virtualIp?.address === request.virtualIp ? undefined : await seenAtVirtualIp(request);
  const looked = upgrade ? targets : fresh.length > 0 ? fresh : targets.filter(([name]) => name === seen?.by);
  if (looked.length === 0 && !upgrade) return undefined;
  const newNames = new Set(fresh.map(([name]) => name));
  const { clusterId, reach, timeouts } = inputs;
  const members = Object.fromEntries(Object.entries(reach).filter(([name]) => !newNames.has(name)));
  const [looks, clocks, gate] = await Promise.all([
    lookAtAll(looked, timeouts, progress),
    clusterClocks(members, timeouts, progress),
    upgrade && passGate(inputs, members, progress),
  ]);
  const removed = await leftoverNames({ clusterId, reach: members, timeouts, progress }, looks);
  const verdict = judge(inputs, looks, { clocks, removed, seen, newNames, upgrade: upgrade !== undefined });
  const { failures, warnings, there }: Gated = gate
    ? withGate(gate, { inputs, verdict, looks, established: upgrade?.established })
    : { ...verdict, there: undefined };
  for (const warning of warnings) progress.warn(warning);
  if (failures.length > 0)
    throw preflightError(failures, looks.length, upgrade && { ...upgrade, to: inputs.kubernetesVersion });
  return there;
}

/** Asked on the first control plane. A node that comes later by itself finds the address where it belongs. */
async function seenAtVirtualIp({ progress, inputs }: LookRequest): Promise<VirtualIp["seen"]> {
  const { virtualIp, hosts, peers = {}, timeouts } = inputs;
  const [by, first] = Object.entries(hosts).find(([, { controlPlane }]) => controlPlane) ?? [];
  if (!virtualIp || by === undefined || !first || Object.keys(peers).length > 0) return undefined;
  const holder = await whoHas(by, first.target, { ...virtualIp, timeouts, progress });
  return holder && { by, holder };
}
