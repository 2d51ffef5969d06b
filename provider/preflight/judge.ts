// From what was seen of each host to one report.
import type { LookedAt } from "../host/lookAll";
import type { RemovedNames } from "../kubeadm/removed";
import { AuthenticationError, HostKeyError, UnreachableError, UserError } from "../lib/errors";
import type { Candidate, Fleet, Problem, VirtualIp } from "./check";
import type { PreflightInputs } from "./inputs";
import { examine, type Failure } from "./preflight";

export interface Verdict {
  failures: Failure[];
  warnings: string[];
}

export function judge(
  inputs: PreflightInputs,
  looks: readonly LookedAt[],
  clusterClocks: readonly number[],
  removed: RemovedNames = {},
  seen?: VirtualIp["seen"],
): Verdict {
  const virtualIp = inputs.virtualIp && { ...inputs.virtualIp, seen };
  const fleet = { ...fleetOf(inputs, looks, clusterClocks), removed, virtualIp };
  const verdict: Verdict = { failures: [], warnings: [] };
  for (const { name, target, seen } of looks) {
    const host = `${name} (${target.connection.host})`;
    const candidate = fleet.candidates.find((one) => one.name === name);
    const found = candidate
      ? examine(candidate, fleet, inputs.hosts[name]?.ignore ?? [])
      : seen instanceof UserError
        ? [unseen(seen)]
        : [];
    const problems = found.filter(({ warning }) => !warning);
    if (problems.length > 0) verdict.failures.push({ host, problems });
    for (const { check, text, remedy } of found.filter(({ warning }) => warning)) {
      verdict.warnings.push(`${host} ${text} (${check}): ${remedy}`);
    }
  }
  return verdict;
}

/** A host that could not be looked at stands in the same report as the others. */
function unseen(error: UserError): Problem {
  const unreachable = [UnreachableError, AuthenticationError, HostKeyError].some((family) => error instanceof family);
  return {
    check: unreachable ? "Unreachable" : "Facts",
    text: error.message.split("\n  What to do:")[0] ?? error.message,
    remedy: error.remedy ?? "bring it up and check its `connection`",
  };
}

function fleetOf(inputs: PreflightInputs, looks: readonly LookedAt[], clusterClocks: readonly number[]): Fleet {
  const candidates = looks.flatMap(({ name, target, seen }): Candidate[] => {
    const input = inputs.hosts[name];
    if (seen instanceof UserError || input === undefined) return [];
    const { controlPlane, hostname, failCgroupV1 } = input;
    const swap = input.swap === "refuse" ? undefined : input.swap;
    const { address, machineId } = target;
    return [{ name, facts: seen, address, machineId, controlPlane, hostname, swap, failCgroupV1 }];
  });
  // Hosts of this leaf that passed earlier are nodes as good as anybody else's.
  const looked = new Set(looks.map(({ name }) => name));
  const earlier = Object.entries(inputs.hosts).filter(([name]) => !looked.has(name));
  const peers = [
    ...Object.entries(inputs.peers ?? {}),
    ...earlier.map(([name, { target }]) => [name, target] as const),
  ];
  return {
    clusterId: inputs.clusterId,
    kubernetesVersion: inputs.kubernetesVersion,
    candidates,
    peers: peers.map(([name, { machineId, address }]) => ({ name, machineId, address })),
    clusterClocks,
  };
}
