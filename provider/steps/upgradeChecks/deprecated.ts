// APIs that somebody asks for and the new version no longer has. Pure.
import { apiName, isDropped } from "../../kubeadm/deprecations";
import type { ClusterView, Finding, UpgradeWish } from "./view";

export function judgeDeprecatedApis({ servers }: ClusterView, { to }: UpgradeWish): Finding[] {
  const asked = new Map<string, { removed: string; of: string[] }>();
  for (const { name, deprecated } of servers)
    for (const api of deprecated.filter((one) => isDropped(one, to))) {
      const known = asked.get(apiName(api));
      asked.set(apiName(api), { removed: api.removedRelease, of: [...(known?.of ?? []), name] });
    }
  return [...asked].sort().map(([api, { removed, of }]) => ({
    check: "UpgradeDeprecatedAPIs",
    text: `asks for ${api}, which Kubernetes ${removed} no longer has (asked of ${of.join(", ")} since its API server started)`,
    remedy:
      'find who asks (the audit log marks such requests with "k8s.io/deprecated": "true"), move it to a later version of that API, and restart the API server; or waive this by its name',
  }));
}
