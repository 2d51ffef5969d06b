// The shape of the arguments: the leaves' own schemas put together, so that nothing is described twice.
import { z } from "zod";
import {
  backupSchema,
  certificatesSchema,
  cniSchema,
  connectionSchema,
  containerdSchema,
  drainSchema,
  filesSchema,
  frontSchema,
  kubeadmSchema,
  networkSchema,
  nodeMetaShape,
  preflightSchema,
  sourceSchema,
  timeoutsSchema,
  upgradeSchema,
} from "../provider/kubeadm/spec";
import { placeShape } from "../provider/kubeadm/virtualKubelet/spec";

/** Anywhere but in a leaf the host may come from the cluster's defaults. */
const partialConnection = connectionSchema.partial({ host: true }).extend({
  sudo: z.strictObject({ password: z.string().optional() }).optional(),
});

const nodeShape = {
  connection: partialConnection.optional(),
  address: z.string().optional(),
  hostname: z.string().optional(),
  labels: nodeMetaShape.labels.optional(),
  taints: nodeMetaShape.taints.optional(),
  annotations: nodeMetaShape.annotations.optional(),
  providerId: z.string().optional(),
  kubeletExtraArgs: z.record(z.string(), z.string()).optional(),
  swap: z.enum(["refuse", "off", "allow"]).optional(),
  containerd: containerdSchema.optional(),
  preflight: preflightSchema.optional(),
  drain: drainSchema.optional(),
  onUnreachable: z.enum(["stop", "remove", "force"]).optional(),
  kubeadm: kubeadmSchema.pick({ joinConfiguration: true }).optional(),
  timeouts: timeoutsSchema.optional(),
};
const controlPlaneShape = { ...nodeShape, worker: z.boolean().optional() };

const isCluster = z.custom<object>((value) => typeof value === "object" && value !== null && "wiring" in value, {
  error: "has to be a K8sCluster of the same program",
});
const ofCluster = {
  cluster: z.custom<object>((value) => typeof value === "object" && value !== null),
  nodeName: z.string().optional(),
};

const machineSchema = z.strictObject({ connection: partialConnection });
const virtualKubeletShape = {
  ...placeShape,
  labels: nodeMetaShape.labels.optional(),
  taints: nodeMetaShape.taints.optional(),
  annotations: nodeMetaShape.annotations.optional(),
  agent: z.strictObject({ path: z.string().min(1) }).optional(),
  drain: drainSchema.optional(),
  onUnreachable: z.enum(["stop", "remove", "force"]).optional(),
  timeouts: timeoutsSchema.optional(),
};

const port = z.number().int().min(1).max(65535);
const endpointSchema = z.strictObject({
  host: z.string().optional(),
  port: port.optional(),
  virtualIp: frontSchema.omit({ members: true }).partial({ by: true, port: true, virtualRouterId: true }).optional(),
});

export const clusterSchema = z.strictObject({
  kubernetesVersion: z.string(),
  connection: partialConnection.optional(),
  controlPlanes: z.record(z.string(), z.strictObject(controlPlaneShape)),
  workers: z.record(z.string(), z.strictObject(nodeShape)).optional(),
  virtualKubelets: z
    .record(
      z.string(),
      z.strictObject({ ...virtualKubeletShape, runsOn: z.union([z.string(), machineSchema]).optional() }),
    )
    .optional(),
  endpoint: endpointSchema.optional(),
  network: networkSchema.extend({ cni: cniSchema }).partial().optional(),
  source: sourceSchema.optional(),
  containerd: containerdSchema.optional(),
  kubeadm: kubeadmSchema.optional(),
  files: filesSchema.optional(),
  preflight: preflightSchema.optional(),
  drain: drainSchema.optional(),
  onUnreachable: z.enum(["stop", "remove", "force"]).optional(),
  upgrade: upgradeSchema.optional(),
  certificates: certificatesSchema.optional(),
  backup: backupSchema.optional(),
  timeouts: timeoutsSchema.optional(),
});

export const workerNodeSchema = z.strictObject({ ...nodeShape, ...ofCluster });
export const controlPlaneNodeSchema = z.strictObject({ ...controlPlaneShape, ...ofCluster });

export const virtualKubeletNodeSchema = z.strictObject({
  ...virtualKubeletShape,
  ...ofCluster,
  runsOn: machineSchema.optional(),
});

export const addonSchema = z.strictObject({
  cluster: isCluster,
  manifests: z.array(
    z.union([
      z.string(),
      z.strictObject({ file: z.string() }),
      z.looseObject({ apiVersion: z.string(), kind: z.string() }),
    ]),
  ),
  wait: z.boolean().optional(),
  force: z.boolean().optional(),
  timeouts: timeoutsSchema.optional(),
});
