// A good cluster before its upgrade, of which each test changes one thing.
import type { EtcdView } from "../../../provider/steps/etcd/look";
import type {
  ClusterView,
  Finding,
  NodeView,
  ServerView,
  UpgradeWish,
} from "../../../provider/steps/upgradeChecks/view";

export function node(name: string, more: Partial<NodeView> = {}): NodeView {
  const controlPlane = name.startsWith("c");
  const addresses = [`10.0.0.${controlPlane ? 10 : 20}${name.slice(1)}`];
  return { name, controlPlane, ours: true, addresses, kubelet: "v1.33.13", notReady: undefined, ...more };
}

export function server(name: string, more: Partial<ServerView> = {}): ServerView {
  return { name, version: "v1.33.13", failure: undefined, deprecated: [], ...more };
}

export function etcdOf(versions: Record<string, string>, more: Partial<EtcdView> = {}): EtcdView {
  const names = Object.keys(versions);
  const members = names.map((name) => ({
    id: `id${name}`,
    name,
    peerUrls: [`https://10.0.0.10${name.slice(1)}:2380`],
    clientUrls: [`https://10.0.0.10${name.slice(1)}:2379`],
    learner: false,
  }));
  const status = names.map((name) => ({
    endpoint: `https://10.0.0.10${name.slice(1)}:2379`,
    memberId: `id${name}`,
    leaderId: "idc1",
    version: versions[name] ?? "",
    size: 1,
    raftIndex: "7",
  }));
  return { members, healthy: new Set(members.map(({ id }) => id)), status, alarms: [], ...more };
}

export function cluster(more: Partial<ClusterView> = {}): ClusterView {
  return {
    nodes: ["c1", "c2", "c3", "w1", "w2"].map((name) => node(name)),
    servers: ["c1", "c2", "c3"].map((name) => server(name)),
    kubeProxy: "v1.33.13",
    etcd: etcdOf({ c1: "3.5.24", c2: "3.5.24", c3: "3.5.24" }),
    blockers: [],
    ...more,
  };
}

export const wish = (more: Partial<UpgradeWish> = {}): UpgradeWish => ({
  to: "1.34.4",
  maxUnavailable: undefined,
  onBlocked: "stop",
  ...more,
});

/** "UpgradeWorkers w1", and "(UpgradeWorkers w1)" where it is only told. */
export function short(findings: readonly Finding[]): string[] {
  return findings.map(({ check, node: at, warning }) => {
    const text = at === undefined ? check : `${check} ${at}`;
    return warning ? `(${text})` : text;
  });
}

export const texts = (findings: readonly Finding[]): string => findings.map(({ text }) => text).join("\n");
