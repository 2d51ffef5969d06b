// What the steps of the preparation share.
import { z } from "zod";
import type { Facts } from "../../host/facts";
import type { Architecture, OperatingSystem } from "../../host/os/os";
import {
  cniSchema,
  containerdSchema,
  frontSchema,
  sourceSchema,
  targetSchema,
  timeoutsSchema,
} from "../../kubeadm/spec";
import type { StagedArtifact } from "../../source/place";
import type { Supply } from "../../source/supply";
import type { StepContext } from "../step";
import type { Plan } from "./plan";
import type { Survey } from "./survey";

export const prepareShape = {
  clusterId: z.string().min(1),
  name: z.string().min(1),
  roles: z.strictObject({ controlPlane: z.boolean(), worker: z.boolean() }),
  kubernetesVersion: z.string(),
  source: sourceSchema,
  /** The node that source.bundle.via names; its own Host has to be done before. */
  via: z.strictObject({ name: z.string().min(1), target: targetSchema }).optional(),
  /** The control plane that starts the cluster, for which all others wait: it gets its programs and images before them. */
  leads: z.literal(true).optional(),
  containerd: containerdSchema.optional(),
  cni: cniSchema,
  /** On a control plane: what holds the API's virtual address there. */
  front: frontSchema.pick({ by: true, image: true }).optional(),
  /** The host's own name from now on. */
  hostname: z.string().min(1).optional(),
  /** What to do where swap is on. Default: leave it to the preflight, which refuses. */
  swap: z.enum(["refuse", "off", "allow"]).optional(),
  nodeAddresses: z.array(z.string()).optional(),
  /** Of the user's, only for the images it names. */
  clusterConfiguration: z.record(z.string(), z.unknown()).optional(),
  kubeletConfiguration: z.record(z.string(), z.unknown()).optional(),
  preflightIgnore: z.array(z.string()).optional(),
  timeouts: timeoutsSchema.optional(),
};

export type PrepareInputs = z.infer<z.ZodObject<typeof prepareShape>>;

export interface PrepareContext extends StepContext {
  readonly inputs: PrepareInputs;
  readonly facts: Facts;
  readonly os: OperatingSystem;
  readonly architecture: Architecture;
  readonly supply: Supply;
  readonly plan: Plan;
  /** As the host was found; steps that make more of it known replace it. */
  survey: Survey;
  /** Artifacts that lie in the staging directory already. */
  staged?: StagedArtifact[];
}
