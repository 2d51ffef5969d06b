// What the steps of init, join, converge and leave are told about a node.

import type { Host } from "../../host/host";
import type { Kubectl } from "../../host/kubectl";
import type { LivingControlPlane } from "../../host/reach";
import type {
  Backup,
  Drain,
  Front,
  KubeadmDocuments,
  Network,
  Reach,
  Taint,
  Target,
  Timeouts,
  Upgrade,
} from "../../kubeadm/spec";
import type { StepContext } from "../step";

export type PlacedFiles = Readonly<Record<string, { content: string; mode?: string | undefined }>>;

export interface NodePlan {
  clusterId: string;
  clusterName: string;
  name: string;
  target: Target;
  reach: Reach;
  /** "host:port" */
  endpoint: string;
  kubernetesVersion: string;
  network: Network;
  labels: Record<string, string>;
  taints: Taint[];
  annotations: Record<string, string>;
  kubeadm?: KubeadmDocuments | undefined;
  kubeletExtraArgs?: Record<string, string> | undefined;
  providerId?: string | undefined;
  preflightIgnore?: string[] | undefined;
  timeouts?: Timeouts | undefined;
  role: "controlPlane" | "worker";
  /** A control plane that also takes ordinary pods. */
  schedulable: boolean;
  files: PlacedFiles;
  /** Of a control plane: the API's virtual address, where the cluster has one. */
  front?: Front | undefined;
  backup?: Backup | undefined;
  certificates?: { renewBefore?: number | undefined } | undefined;
  upgrade?: Upgrade | undefined;
  drain?: Drain | undefined;
  /** The machine that was this node until now, when another one answers in its place. */
  formerMachine?: string | undefined;
}

export interface NodeContext extends StepContext {
  readonly plan: NodePlan;
}

/** The API of the cluster, through whichever control plane: the own one after an init, a living peer for a join. */
export interface ClusterContext extends NodeContext {
  readonly kubectl: Kubectl;
  /** The control plane whose approver is run at once. */
  readonly approver: Host;
}

export interface JoinContext extends ClusterContext {
  readonly peer: LivingControlPlane;
  /** A Node object of an earlier life of this machine. */
  readonly stale: boolean;
}

/** Only root reads it, and it is gone after a restart of the machine. */
export const runDirectory = "/run/pulumi-kubeadm";
