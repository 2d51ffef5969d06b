// All checks on all hosts, and what is told about them.
import { RefusedError } from "../lib/errors";
import type { Candidate, Check, Fleet, Problem } from "./check";
import { clockAgrees, clockAgreesWithOurs } from "./clock";
import { belongsToNoOtherCluster, carriesNoAgents, isNoOtherNode, isTheRecordedMachine } from "./cluster";
import { cgroupControllersAreOn, cgroupVersionSuits, kernelFeaturesAreThere, kernelIsNewEnough } from "./kernel";
import {
  addressIsItsOwn,
  firewallIsOpen,
  hasDefaultRoute,
  hasNameserver,
  portsAreFree,
  resolvesItsOwnName,
} from "./network";
import { enoughCpus, enoughDisk, enoughMemory, roomForUpgrade, swapIsOff } from "./resources";
import {
  architectureIsSupported,
  commandsRunAsRoot,
  ipIsThere,
  operatingSystemIsSupported,
  systemdRuns,
} from "./system";
import { isWaived } from "./table";
import { addressIsUnique, hostnameIsUnique, machineIdIsUnique, productUuidIsUnique } from "./unique";
import { virtualIpIsInNetwork, virtualIpIsUnused } from "./virtualIp";

/** In the order in which a reader wants to hear of them. */
const checks: readonly Check[] = [
  belongsToNoOtherCluster,
  isNoOtherNode,
  carriesNoAgents,
  isTheRecordedMachine,
  commandsRunAsRoot,
  operatingSystemIsSupported,
  architectureIsSupported,
  systemdRuns,
  ipIsThere,
  enoughCpus,
  enoughMemory,
  enoughDisk,
  swapIsOff,
  kernelIsNewEnough,
  cgroupVersionSuits,
  cgroupControllersAreOn,
  kernelFeaturesAreThere,
  hasDefaultRoute,
  hasNameserver,
  resolvesItsOwnName,
  addressIsItsOwn,
  portsAreFree,
  virtualIpIsUnused,
  virtualIpIsInNetwork,
  firewallIsOpen,
  hostnameIsUnique,
  machineIdIsUnique,
  addressIsUnique,
  productUuidIsUnique,
  clockAgrees,
  clockAgreesWithOurs,
];

/** What a host that is a node already has to bring along for another version, or for an address it is to hold. */
const memberChecks: readonly Check[] = [
  isTheRecordedMachine,
  cgroupVersionSuits,
  roomForUpgrade,
  virtualIpIsUnused,
  virtualIpIsInNetwork,
];

/** What was found on one host and not waived. */
export function examine(candidate: Candidate, fleet: Fleet, ignore: readonly string[]): Problem[] {
  const due = candidate.member ? memberChecks : checks;
  return due.flatMap((check) => check(candidate, fleet)).filter(({ check }) => !isWaived(check, ignore));
}

/** One host, or the cluster itself, and what is wrong there. */
export interface Failure {
  /** The node's; empty for the cluster. */
  name: string;
  /** "w1 (10.0.0.21)" */
  host: string;
  problems: Problem[];
  /** Its host does not answer, and that is all that is known of it. */
  away?: boolean;
}

/** Every failure of every host in one error. */
export function preflightError(
  failures: readonly Failure[],
  total: number,
  upgrade?: { from: string; to: string },
): RefusedError {
  const blocks = failures.map(({ host, problems }) => {
    const lines = problems.map(
      ({ check, text, remedy }) => `    ${check}: ${text.replaceAll("\n", "\n      ")}\n      -> ${remedy}`,
    );
    return [`  ${host}:`, ...lines].join("\n");
  });
  const count = `${failures.length} of ${total} host${total === 1 ? "" : "s"}`;
  const what = upgrade
    ? `the upgrade from ${upgrade.from} to ${upgrade.to} is refused; nothing has been changed`
    : `preflight failed on ${count}; nothing has been changed on any of them`;
  return new RefusedError([what, ...blocks].join("\n"), `correct what is listed and run again; ${waivers(failures)}`);
}

function waivers(failures: readonly Failure[]): string {
  const found = new Set(failures.flatMap(({ problems }) => problems.map(({ check }) => check)));
  const never = [...found].filter((check) => !isWaived(check, ["all"]));
  if (never.length === found.size) return `${found.size === 1 ? "this check is" : "these checks are"} never waived`;
  const except = never.length === 0 ? "" : `, except ${never.join(", ")}`;
  return `a check is waived by its name in \`preflight.ignore\`${except}`;
}
