// Everything that was seen of a cluster before its upgrade, as one list in the order in which a reader wants to hear of it. Pure.
import { judgeBudgets } from "./budgets";
import { judgeDeprecatedApis } from "./deprecated";
import { judgeEtcd, judgeServers } from "./etcd";
import { judgeReadiness, judgeVersions } from "./nodes";
import type { ClusterView, Finding, UpgradeWish } from "./view";

export function judgeCluster(view: ClusterView, wish: UpgradeWish): Finding[] {
  return [
    ...judgeVersions(view, wish),
    ...judgeReadiness(view, wish),
    ...judgeServers(view),
    ...judgeEtcd(view, wish),
    ...judgeDeprecatedApis(view, wish),
    ...judgeBudgets(view.blockers, wish),
  ];
}
