// What a leaf is told: the schemas that components, handlers and steps share. Pure; every value is resolved by now.
import { z } from "zod";

const seconds = z.number().positive();
const port = z.number().int().min(1).max(65535);

const hopShape = {
  host: z.string().min(1),
  port: port.optional(),
  user: z.string().min(1).optional(),
  privateKey: z.string().optional(),
  privateKeyPassword: z.string().optional(),
  password: z.string().optional(),
  agentSocketPath: z.string().optional(),
  hostKey: z.string().optional(),
  perDialTimeout: seconds.optional(),
  dialErrorLimit: z.number().int().min(0).optional(),
  unknownHostKey: z.enum(["record", "refuse"]).optional(),
};

/** One SSH hop on the way to a host; `proxy` is the hop before it, so a chain nests from the target outwards. */
export type Hop = z.infer<z.ZodObject<typeof hopShape>> & { proxy?: Hop | undefined };
export const hopSchema: z.ZodType<Hop> = z.lazy(() => z.strictObject({ ...hopShape, proxy: hopSchema.optional() }));

export const sudoSchema = z.union([z.boolean(), z.strictObject({ password: z.string().optional() })]);

/** How a host is reached. `sudo` absent: used when the user is not root. */
export const connectionSchema = z.strictObject({
  ...hopShape,
  proxy: hopSchema.optional(),
  sudo: sudoSchema.optional(),
});
export type Connection = z.infer<typeof connectionSchema>;

/** A machine as its Machine leaf recorded it: how to reach it and how to know it again. */
export const targetSchema = z.strictObject({
  connection: connectionSchema,
  /** Recorded host keys by "host:port" of every hop, as "<type> <base64>". A pinned `hostKey` of a hop wins. */
  hostKeys: z.record(z.string(), z.string()),
  machineId: z.string().min(1),
  /** The node's address: advertise address, node IP, the CNI's interface. */
  address: z.string().min(1),
});
export type Target = z.infer<typeof targetSchema>;

/** All control planes of the cluster by node name: whoever needs the API asks one that lives. */
export const reachSchema = z.record(z.string(), targetSchema);
export type Reach = z.infer<typeof reachSchema>;

/** Deadlines in seconds; each step has one. */
export const timeoutsSchema = z.strictObject({
  connect: seconds.optional(),
  command: seconds.optional(),
  packages: seconds.optional(),
  transfer: seconds.optional(),
  images: seconds.optional(),
  init: seconds.optional(),
  join: seconds.optional(),
  ready: seconds.optional(),
  drain: seconds.optional(),
  reset: seconds.optional(),
  apply: seconds.optional(),
});
export type Timeouts = z.infer<typeof timeoutsSchema>;

export const defaultTimeouts: { [K in keyof Timeouts]-?: number } = {
  connect: 60,
  command: 60,
  packages: 300,
  transfer: 600,
  images: 300,
  init: 300,
  join: 300,
  ready: 300,
  drain: 300,
  reset: 120,
  apply: 300,
};

/** The deadline of a kind of step in milliseconds. */
export function deadline(timeouts: Timeouts | undefined, kind: keyof Timeouts): number {
  return (timeouts?.[kind] ?? defaultTimeouts[kind]) * 1000;
}

export const taintSchema = z.strictObject({
  key: z.string().min(1),
  value: z.string().optional(),
  effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]),
});
export type Taint = z.infer<typeof taintSchema>;

/** Exactly one of them: where programs and images come from. */
export const sourceSchema = z.union([
  z.strictObject({
    download: z.strictObject({
      /** Base address of a mirror: `<mirror>/<upstream host>/<upstream path>`. Absent: upstream itself over https. */
      mirror: z.string().optional(),
    }),
  }),
  z.strictObject({
    bundle: z.strictObject({
      /** Directory on the machine that runs Pulumi (made by `npx pulumi-kubeadm bundle`). */
      path: z.string(),
      /** Node that gets the bundle over SSH and hands it out to the others over the hosts' own network. */
      via: z.string().optional(),
    }),
  }),
]);
export type Source = z.infer<typeof sourceSchema>;

export const registrySchema = z.strictObject({
  /** Endpoints tried in order, e.g. "https://mirror.example:5000"; absent: the registry itself. */
  mirrors: z.array(z.string()).optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  /** PEM */
  ca: z.string().optional(),
  clientCertificate: z.string().optional(),
  clientKey: z.string().optional(),
  skipVerify: z.boolean().optional(),
});

export const containerdSchema = z.strictObject({
  version: z.string().optional(),
  runcVersion: z.string().optional(),
  cniPluginsVersion: z.string().optional(),
  /** What to do with a runtime that is already there. */
  existing: z.enum(["keep", "reinstall"]).optional(),
  /** By registry host, e.g. "registry.k8s.io". */
  registries: z.record(z.string(), registrySchema).optional(),
  sandboxImage: z.string().optional(),
  /** Merged over the generated config.toml, as the object that TOML describes. */
  config: z.record(z.string(), z.unknown()).optional(),
});
export type Containerd = z.infer<typeof containerdSchema>;

export const preflightSchema = z.strictObject({
  /** Names of checks that are waived; they reach kubeadm's --ignore-preflight-errors too. */
  ignore: z.array(z.string()).optional(),
});

const document = z.record(z.string(), z.unknown());
/** The user's own kubeadm documents, merged over what is generated. */
export const kubeadmSchema = z.strictObject({
  clusterConfiguration: document.optional(),
  initConfiguration: document.optional(),
  joinConfiguration: document.optional(),
  kubeletConfiguration: document.optional(),
  kubeProxyConfiguration: document.optional(),
});
export type KubeadmDocuments = z.infer<typeof kubeadmSchema>;

export const cniSchema = z.union([
  z.strictObject({
    flannel: z.strictObject({
      version: z.string().optional(),
      backend: z.enum(["vxlan", "host-gw"]).optional(),
      /** Image repositories, e.g. of a private registry. */
      image: z.string().optional(),
      pluginImage: z.string().optional(),
    }),
  }),
  z.literal("none"),
]);
export const networkSchema = z.strictObject({
  /** IPv4, IPv6 or both, separated by a comma. */
  podCidr: z.string(),
  serviceCidr: z.string(),
  dnsDomain: z.string(),
  cni: cniSchema,
});
export type Network = z.infer<typeof networkSchema>;

/** What labels, taints and annotations a program gives a node; owned key by key. */
export const nodeMetaShape = {
  labels: z.record(z.string(), z.string()),
  taints: z.array(taintSchema),
  annotations: z.record(z.string(), z.string()),
};

export const drainSchema = z.strictObject({
  /** What to do where a disruption budget blocks an eviction. KUBEADM_DRAIN_ON_BLOCKED overrides it for one run. */
  onBlocked: z.enum(["stop", "force", "skip"]).optional(),
  /** Seconds; wins over the pods' own grace period. */
  gracePeriod: z.number().int().min(0).optional(),
});
export type Drain = z.infer<typeof drainSchema>;

/** What keeps the API's virtual address on a control plane that answers. */
export const frontSchema = z.strictObject({
  by: z.enum(["keepalived", "kube-vip"]),
  /** The virtual address, without a prefix length. */
  address: z.string().min(1),
  /** Where clients connect: haproxy's port, or with kube-vip the API server's own. */
  port,
  virtualRouterId: z.number().int().min(1).max(255),
  /** Absent: the one that holds the node's address. */
  interface: z.string().min(1).optional(),
  /** Of kube-vip. */
  image: z.string().min(1).optional(),
  /** Addresses of the control planes by node name. */
  members: z.record(z.string(), z.string()),
});
export type Front = z.infer<typeof frontSchema>;

export const backupSchema = z.strictObject({
  /** How many stay on each control plane. */
  keep: z.number().int().min(1).max(100).optional(),
  /** Directory on the machine that runs Pulumi, for encrypted copies. */
  copyTo: z.string().min(1).optional(),
  passphrase: z.string().min(1).optional(),
});
export type Backup = z.infer<typeof backupSchema>;

export const certificatesSchema = z.strictObject({
  /** Days. */
  renewBefore: z.number().positive().optional(),
});

export const upgradeSchema = z.strictObject({
  /** Workers that may be away at a time: a number or a percentage of the workers. */
  maxUnavailable: z.union([z.number().int().min(1), z.string().regex(/^(100|[1-9]?[0-9])%$/)]).optional(),
});
export type Upgrade = z.infer<typeof upgradeSchema>;

/** What becomes of a node whose host does not answer when it is to be removed. */
export const onUnreachableSchema = z.enum(["stop", "remove", "force", "forget"]);
export type OnUnreachable = z.infer<typeof onUnreachableSchema>;

/** A file put onto every control plane, e.g. an audit policy. */
export const filesSchema = z.record(
  z.string().startsWith("/"),
  z.strictObject({
    content: z.string(),
    mode: z
      .string()
      .regex(/^0?[0-7]{3}$/)
      .optional(),
  }),
);
