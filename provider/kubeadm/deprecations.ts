// Deprecated APIs that somebody asked an API server for, as its metric tells, and which of them a version no longer has. Pure.
import { atLeast } from "./versions";

export interface DeprecatedApi {
  group: string;
  version: string;
  resource: string;
  /** Minor without it: "1.34". */
  removedRelease: string;
}

/** Since when a server counts: it forgets at its restart. */
export const deprecatedApisMetric = "apiserver_requested_deprecated_apis";

/** Lines such as `apiserver_requested_deprecated_apis{group="policy",removed_release="1.25",resource="…",version="v1beta1"} 1`. */
export function parseDeprecatedApis(metrics: string): DeprecatedApi[] {
  return metrics.split("\n").flatMap((line): DeprecatedApi[] => {
    const [, labels, value] = /^apiserver_requested_deprecated_apis\{([^}]*)\} (\S+)$/.exec(line.trim()) ?? [];
    if (labels === undefined || Number(value) === 0) return [];
    const label = (name: string): string => new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1] ?? "";
    const subresource = label("subresource");
    const resource = subresource === "" ? label("resource") : `${label("resource")}/${subresource}`;
    return [{ group: label("group"), version: label("version"), resource, removedRelease: label("removed_release") }];
  });
}

/** Deprecated for good, but without a release that drops it (Endpoints, ComponentStatus), is no reason to wait. */
export function isDropped({ removedRelease }: DeprecatedApi, kubernetesVersion: string): boolean {
  return /^\d+\.\d+$/.test(removedRelease) && atLeast(kubernetesVersion, removedRelease);
}

/** "policy/v1beta1 podsecuritypolicies", as `kubectl api-resources` and manifests say it. */
export function apiName({ group, version, resource }: DeprecatedApi): string {
  return `${group === "" ? version : `${group}/${version}`} ${resource}`;
}
