// Everything that was seen of a cluster before its upgrade, as one list in the order in which a reader wants to hear of it. Pure.
import { judgeBudgets } from "./budgets";
import { judgeDeprecatedApis } from "./deprecated";
import { judgeEtcd, judgeServers } from "./etcd";
import { judgeReadiness, judgeVersions } from "./nodes";
import type { ClusterView, Finding, UpgradeWish } from "./view";

export function judgeCluster(view: ClusterView, wish: UpgradeWish): Finding[] {
  if (!isDue(view, wish)) return [];
  return [
    ...judgeVersions(view, wish),
    ...judgeServers(view),
    ...judgeReadiness(view, wish),
    ...judgeEtcd(view, wish),
    ...judgeDeprecatedApis(view, wish),
    ...judgeBudgets(view.blockers, wish),
  ];
}

/** Nothing is, where a version that never came onto a node is taken back again. */
function isDue({ nodes, servers }: ClusterView, { to }: UpgradeWish): boolean {
  const running = [...nodes.map(({ kubelet }) => kubelet), ...servers.map(({ version }) => version)];
  return running.some((version) => version !== undefined && version !== `v${to}`);
}
