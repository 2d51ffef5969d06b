// From what was seen of each host to one report.
import type { LookedAt } from "../host/lookAll";
import type { RemovedNames } from "../kubeadm/removed";
import { AuthenticationError, HostKeyError, UnreachableError, UserError } from "../lib/errors";
import type { Candidate, Fleet, Problem, VirtualIp } from "./check";
import type { PreflightInputs } from "./inputs";
import { examine, type Failure } from "./preflight";
import { isWaived } from "./table";

export interface Verdict {
  failures: Failure[];
  warnings: string[];
}

/** What is known beside the hosts' facts. */
export interface Around {
  /** Offsets of clocks of hosts that are part of the cluster already, in milliseconds. */
  clocks?: readonly number[];
  removed?: RemovedNames;
  seen?: VirtualIp["seen"];
  /** Hosts that are to become nodes; the others are, and are looked at again. Absent: all of them. */
  newNames?: ReadonlySet<string>;
  /** Another version is to come onto the nodes. */
  upgrade?: boolean;
}

export function judge(inputs: PreflightInputs, looks: readonly LookedAt[], around: Around = {}): Verdict {
  const fleet = fleetOf(inputs, looks, around);
  const verdict: Verdict = { failures: [], warnings: [] };
  for (const { name, seen } of looks) {
    const candidate = fleet.candidates.find((one) => one.name === name);
    const found = candidate
      ? examine(candidate, fleet, inputs.hosts[name]?.ignore ?? [])
      : seen instanceof UserError
        ? [unseen(seen)]
        : [];
    add(verdict, { name, host: hostTitle(inputs, name), away: isAway(seen) }, found);
  }
  return verdict;
}

type Heading = Omit<Failure, "problems">;

function add({ failures, warnings }: Verdict, heading: Heading, found: readonly Problem[]): void {
  const problems = found.filter(({ warning }) => !warning);
  const known = failures.find(({ name }) => name === heading.name);
  if (known) known.problems.push(...problems);
  else if (problems.length > 0) failures.push({ ...heading, problems });
  for (const { check, text, remedy } of found.filter(({ warning }) => warning))
    warnings.push(`${heading.host} ${text} (${check}): ${remedy}`);
}

/** What was found in the cluster itself, each at the host it is about. Waived where that host's list, or everybody's, says so. */
export function addFindings(
  { failures, warnings }: Verdict,
  inputs: PreflightInputs,
  findings: readonly (Problem & { node?: string })[],
): Verdict {
  const all: Verdict = {
    failures: failures.map((one) => ({ ...one, problems: [...one.problems] })),
    warnings: [...warnings],
  };
  const lists = Object.values(inputs.hosts).map(({ ignore = [] }) => ignore);
  for (const { node, ...problem } of findings) {
    const own = node === undefined ? undefined : inputs.hosts[node];
    const waived = own
      ? isWaived(problem.check, own.ignore ?? [])
      : lists.every((list) => isWaived(problem.check, list));
    const name = node ?? "";
    if (!waived) add(all, { name, host: node === undefined ? "the cluster" : hostTitle(inputs, node) }, [problem]);
  }
  return all;
}

function hostTitle({ hosts }: PreflightInputs, name: string): string {
  const target = hosts[name]?.target;
  return target ? `${name} (${target.connection.host})` : name;
}

const isAway = (seen: LookedAt["seen"]): boolean => seen instanceof UnreachableError;

/** A host that could not be looked at stands in the same report as the others. */
function unseen(error: UserError): Problem {
  const unreachable = [UnreachableError, AuthenticationError, HostKeyError].some((family) => error instanceof family);
  return {
    check: unreachable ? "Unreachable" : "Facts",
    text: error.message.split("\n  What to do:")[0] ?? error.message,
    remedy: error.remedy ?? "bring it up and check its `connection`",
  };
}

function fleetOf(inputs: PreflightInputs, looks: readonly LookedAt[], around: Around): Fleet {
  const { clocks = [], removed = {}, seen: holder, newNames, upgrade = false } = around;
  const candidates = looks.flatMap(({ name, target, seen }): Candidate[] => {
    const input = inputs.hosts[name];
    if (seen instanceof UserError || input === undefined) return [];
    const { controlPlane, hostname, failCgroupV1 } = input;
    const swap = input.swap === "refuse" ? undefined : input.swap;
    const { address, machineId } = target;
    const member = newNames !== undefined && !newNames.has(name);
    return [{ name, facts: seen, address, machineId, controlPlane, hostname, swap, failCgroupV1, member }];
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
    clusterClocks: clocks,
    removed,
    upgrade,
    virtualIp: inputs.virtualIp && { ...inputs.virtualIp, seen: holder },
  };
}
