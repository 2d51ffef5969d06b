// Clusters that are taken down as a whole in this run. A delete cannot tell a destroy from a removal; but a cluster's kubeconfig goes
// first when the whole cluster goes, and never before.
const endings = new Set<string>();

export function markEnding(clusterId: string): void {
  endings.add(clusterId);
}

export function isEnding(clusterId: string): boolean {
  return endings.has(clusterId);
}
