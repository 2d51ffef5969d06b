// Clocks: certificates that are not valid yet and leases that never end are what a wrong one causes.
import type { Check, Fleet } from "./check";

const limitMs = 30_000;

/** The clock most agree with. Between two that differ, the one that is nearer to ours is taken for the right one. */
export function median(offsets: readonly number[]): number | undefined {
  const sorted = [...offsets].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  if (lower === undefined || upper === undefined) return undefined;
  return Math.abs(lower) <= Math.abs(upper) ? lower : upper;
}

/** The cluster's own clocks decide where there are any: certificates are made by them. */
function reference(fleet: Fleet): number | undefined {
  return median(
    fleet.clusterClocks.length > 0 ? fleet.clusterClocks : fleet.candidates.map(({ facts }) => facts.clock.offsetMs),
  );
}

const apart = (ms: number): string => `${Math.round(Math.abs(ms) / 1000)} s ${ms > 0 ? "ahead of" : "behind"}`;

export const clockAgrees: Check = ({ facts: { clock } }, fleet) => {
  const skew = clock.offsetMs - (reference(fleet) ?? clock.offsetMs);
  if (Math.abs(skew) - clock.uncertaintyMs <= limitMs) return [];
  return [
    {
      check: "ClockSkew",
      text: `has a clock ${apart(skew)} the cluster's other hosts`,
      remedy: "set it, and keep it right with chrony or systemd-timesyncd",
    },
  ];
};

export const clockAgreesWithOurs: Check = (candidate, fleet) => {
  const common = reference(fleet);
  // One line for the whole fleet is enough.
  if (common === undefined || Math.abs(common) <= limitMs || fleet.candidates[0] !== candidate) return [];
  return [
    {
      check: "WorkstationClock",
      warning: true,
      text: `has, as the other hosts, a clock ${apart(common)} that of the machine Pulumi runs on`,
      remedy: "set the wrong one, or the kubeconfig may not be valid here",
    },
  ];
};
