// All checks on all hosts, and what is told about them.
import { RefusedError } from "../lib/errors";
import type { Candidate, Check, Fleet, Problem } from "./check";
import { clockAgrees, clockAgreesWithOurs } from "./clock";
import { belongsToNoOtherCluster, isNoOtherNode, isTheRecordedMachine } from "./cluster";
import { cgroupControllersAreOn, cgroupVersionSuits, kernelFeaturesAreThere, kernelIsNewEnough } from "./kernel";
import {
  addressIsItsOwn,
  firewallIsOpen,
  hasDefaultRoute,
  hasNameserver,
  portsAreFree,
  resolvesItsOwnName,
} from "./network";
import { enoughCpus, enoughDisk, enoughMemory, swapIsOff } from "./resources";
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

/** What was found on one host and not waived. */
export function examine(candidate: Candidate, fleet: Fleet, ignore: readonly string[]): Problem[] {
  return checks.flatMap((check) => check(candidate, fleet)).filter(({ check }) => !isWaived(check, ignore));
}

/** One host and what keeps it from becoming a node. */
export interface Failure {
  /** "w1 (10.0.0.21)" */
  host: string;
  problems: readonly Problem[];
}

/** Every failure of every host in one error. */
export function preflightError(failures: readonly Failure[], total: number): RefusedError {
  const blocks = failures.map(({ host, problems }) => {
    const lines = problems.map(
      ({ check, text, remedy }) => `    ${check}: ${text.replaceAll("\n", "\n      ")}\n      -> ${remedy}`,
    );
    return [`  ${host}:`, ...lines].join("\n");
  });
  const count = `${failures.length} of ${total} host${total === 1 ? "" : "s"}`;
  return new RefusedError(
    [`preflight failed on ${count}; nothing has been changed on any of them`, ...blocks].join("\n"),
    "correct what is listed and run again; a check is waived by its name in `preflight.ignore`, except OtherCluster, OtherNode, SameMachine and IsPrivilegedUser",
  );
}
