// When the control planes' certificates are renewed. Pure: the same rule at preview, from the state, and on the host.
import type { KubeadmDocuments } from "./spec";

/** Of the certificate that ends first. */
export interface Soonest {
  /** ISO 8601 */
  ends: string;
  /** Seconds. */
  validity: number;
}

const day = 24 * 60 * 60 * 1000;
const usual = 30;

/** Days given by the program hold as they are; else 30, and at most a third of the validity. */
export function renewalDue({ ends, validity }: Soonest, renewBefore: number | undefined, now: number): boolean {
  return Date.parse(ends) - now < before(validity * 1000, renewBefore);
}

function before(validity: number, renewBefore: number | undefined): number {
  const third = validity / 3;
  if (renewBefore === undefined) return Math.min(usual * day, third);
  // Issued for less than the program expects: renewing at every run would be no renewal.
  return renewBefore * day < validity ? renewBefore * day : third;
}

/** What makes every certificate due as soon as it is made. */
export function renewalProblem(
  renewBefore: number | undefined,
  users: KubeadmDocuments | undefined,
): string | undefined {
  const period = users?.clusterConfiguration?.certificateValidityPeriod;
  const validity = typeof period === "string" ? goDuration(period) : 365 * day;
  if (renewBefore === undefined || validity === undefined || renewBefore * day < validity) return undefined;
  const valid =
    typeof period === "string" ? `${period} (kubeadm.clusterConfiguration.certificateValidityPeriod)` : "365 days";
  return `certificates.renewBefore: ${renewBefore} days are not below the certificates' validity of ${valid}`;
}

const units: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** "8760h0m0s" in milliseconds; undefined where Go would not take it either. */
export function goDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(h|ms|m|s))+$/.test(text)) return undefined;
  const parts = text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g);
  return [...parts].reduce((sum, [, value, unit]) => sum + Number(value) * (units[unit ?? ""] ?? 0), 0);
}
