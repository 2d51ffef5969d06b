// What a preflight is told.
import { z } from "zod";
import { drainSchema, reachSchema, targetSchema, timeoutsSchema, upgradeSchema } from "../kubeadm/spec";

const hostSchema = z.strictObject({
  target: targetSchema,
  controlPlane: z.boolean(),
  /** A control plane that runs the users' pods too; asks nothing more of it. */
  worker: z.boolean().optional(),
  hostname: z.string().optional(),
  swap: z.enum(["refuse", "off", "allow"]).optional(),
  ignore: z.array(z.string()).optional(),
  failCgroupV1: z.boolean().optional(),
});

export const preflightInputsSchema = z.strictObject({
  clusterId: z.string().min(1),
  kubernetesVersion: z.string().min(1),
  hosts: z.record(z.string(), hostSchema),
  /** Machines that are nodes of the cluster by other leaves. */
  peers: z.record(z.string(), z.strictObject({ machineId: z.string(), address: z.string() })).optional(),
  reach: reachSchema,
  /** Names of the control planes in the order of the program: the order in which they are upgraded. */
  order: z.array(z.string()).optional(),
  upgrade: upgradeSchema.optional(),
  /** How pods leave, for budgets that would block an upgrade. */
  drain: drainSchema.optional(),
  /** The API's virtual address: nobody may have it before the cluster is made. */
  virtualIp: z.strictObject({ address: z.string(), port: z.number().int() }).optional(),
  timeouts: timeoutsSchema.optional(),
});
export type PreflightInputs = z.infer<typeof preflightInputsSchema>;
