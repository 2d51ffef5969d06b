// What the checks before an upgrade look at, as plain data: the cluster as it is before the first change.
import type { KubeObject } from "../../host/kubeObject";
import type { DeprecatedApi } from "../../kubeadm/deprecations";
import type { EtcdView } from "../etcd/look";
import type { Blocker } from "./budgets";

export interface NodeView {
  name: string;
  controlPlane: boolean;
  /** In the cluster's record: what this program, or another one like it, has put there. */
  ours: boolean;
  addresses: string[];
  /** With "v". */
  kubelet: string;
  /** Why it is not Ready; undefined when it is. */
  notReady: string | undefined;
}

export interface ServerView {
  /** Its node. */
  name: string;
  /** With "v"; undefined when it does not answer. */
  version: string | undefined;
  /** Why it does not answer, or why its metrics could not be read. */
  failure: string | undefined;
  deprecated: DeprecatedApi[];
}

export interface ClusterView {
  nodes: NodeView[];
  servers: ServerView[];
  /** Of the DaemonSet's image, with "v"; undefined where there is none, or one with a tag of its own. */
  kubeProxy: string | undefined;
  etcd: EtcdView;
  blockers: Blocker[];
}

export interface UpgradeWish {
  /** The new version, without "v". */
  to: string;
  maxUnavailable: number | string | undefined;
  onBlocked: "stop" | "force" | "skip";
}

/** Something that keeps the cluster from being upgraded, or should be known before. */
export interface Finding {
  /** As in the table of the preflight's checks. */
  check: string;
  /** The node it is about; absent: the whole cluster. */
  node?: string;
  text: string;
  remedy: string;
  warning?: boolean;
}

/** Objects that are no machines of ours take no part in an upgrade: agents that stand in for one register nodes too. */
export function isVirtual(node: KubeObject): boolean {
  return node.metadata.labels?.["type"] === "virtual-kubelet";
}
