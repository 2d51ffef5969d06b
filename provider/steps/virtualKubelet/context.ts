// What the steps of a virtual node share.
import { z } from "zod";
import type { Host, LocalFile } from "../../host/host";
import type { Kubectl } from "../../host/kubectl";
import {
  drainSchema,
  nodeMetaShape,
  onUnreachableSchema,
  reachSchema,
  targetSchema,
  timeoutsSchema,
} from "../../kubeadm/spec";
import type { AgentFiles } from "../../kubeadm/virtualKubelet/documents";
import { agentSchema, type ProviderKind, placeShape } from "../../kubeadm/virtualKubelet/spec";
import type { StepContext } from "../step";
import type { AgentSurvey } from "./survey";

export const virtualShape = {
  clusterId: z.string().min(1),
  clusterName: z.string().min(1),
  name: z.string().min(1),
  /** The machine that runs the agent. */
  target: targetSchema,
  /** Id of the worker that it is, where it is one. */
  worker: z.string().min(1).optional(),
  reach: reachSchema,
  /** "host:port" */
  endpoint: z.string().min(1),
  ...placeShape,
  ...nodeMetaShape,
  agent: agentSchema,
  /** Directory of the cluster's bundle, which may hold the agent's program. */
  bundle: z.string().min(1).optional(),
  drain: drainSchema.optional(),
  /** What a delete does when machine or device cannot be asked. KUBEADM_ON_UNREACHABLE overrides it for one run. */
  onUnreachable: onUnreachableSchema.optional(),
  timeouts: timeoutsSchema.optional(),
};
export type VirtualPlan = z.infer<z.ZodObject<typeof virtualShape>> & {
  /** The machine that ran the agent until now, when another one answers in its place. */
  formerMachine?: string | undefined;
};

export interface AgentContext extends StepContext {
  readonly plan: VirtualPlan;
  readonly kind: ProviderKind;
  readonly kubectl: Kubectl;
  /** The control plane whose approver is run at once, and which looks at requests. */
  readonly approver: Host;
  readonly survey: AgentSurvey;
  readonly files: AgentFiles;
  readonly program: LocalFile;
  /** Names of the Nodes that the agent shall be. */
  readonly nodes: readonly string[];
  /** Nodes that it was and shall not be any more. */
  readonly surplus: readonly string[];
  /** Something that the agent reads when it starts is another one now. */
  restart: boolean;
  /** When each node's lease was renewed last before the start; absent where nothing was started. */
  leases?: ReadonlyMap<string, string>;
}
