// What the leaf of a virtual node is told: schemas that components, handler and steps share. Pure.
import { z } from "zod";

const text = z.string().min(1);
const port = z.number().int().min(1).max(65535);
const credential = z.string().min(1);

const deviceShape = {
  host: text,
  port: port.optional(),
  user: text.optional(),
  privateKey: credential.optional(),
  privateKeyPassword: credential.optional(),
  password: credential.optional(),
  hostKey: text.optional(),
};

/** The way to a device, as the machine that runs the agent goes it. */
export type DeviceHop = z.infer<z.ZodObject<typeof deviceShape>> & { proxy?: DeviceHop | undefined };
export const deviceSchema: z.ZodType<DeviceHop> = z.lazy(() =>
  z.strictObject({ ...deviceShape, proxy: deviceSchema.optional() }),
);

const logsSchema = z.strictObject({
  /** A quantity of bytes. */
  maxSize: text.optional(),
  maxFiles: z.number().int().min(1).max(100).optional(),
});

const seconds = z.number().positive();

export const sshSchema = z.strictObject({
  connection: deviceSchema,
  directory: z.string().startsWith("/").optional(),
  logs: logsSchema.optional(),
  timeouts: z.strictObject({ dial: seconds.optional(), call: seconds.optional() }).optional(),
});

export const serialSchema = z.strictObject({
  device: z.string().startsWith("/dev/"),
  baud: z.number().int().min(50).max(4_000_000).optional(),
  parity: z.enum(["none", "even", "odd"]).optional(),
  stopBits: z.union([z.literal(1), z.literal(2)]).optional(),
  dataBits: z.union([z.literal(7), z.literal(8)]).optional(),
  flowControl: z.enum(["none", "rtscts", "xonxoff"]).optional(),
  timeout: z.number().min(0.01).max(60).optional(),
  retries: z.number().int().min(0).max(100).optional(),
  maxLine: z.number().int().min(512).max(65536).optional(),
  pollInterval: z.number().min(0.01).max(10).optional(),
});

export const criSchema = z.strictObject({ socket: z.string().startsWith("/").optional(), logs: logsSchema.optional() });

/** The URL is told on the Node object, in events and in logs. */
const tellsNoUser = (url: string): boolean => !/^[^/]*\/\/[^/?#]*@/.test(url);

export const remoteClusterSchema = z.strictObject({
  kubeconfig: credential.optional(),
  context: text.optional(),
  server: z
    .string()
    .startsWith("https://")
    .refine(tellsNoUser, "holds a user: give it as `username` and `password`")
    .optional(),
  ca: text.optional(),
  token: credential.optional(),
  clientCertificate: text.optional(),
  clientKey: credential.optional(),
  username: text.optional(),
  password: credential.optional(),
  namespace: text.optional(),
});

export const simulatedSchema = z.strictObject({
  nodes: z.number().int().min(1).max(5000).optional(),
  cpuMilli: z.number().int().min(0).optional(),
  memoryBytes: z.number().int().min(0).optional(),
});

export const providerKinds = ["ssh", "serial", "cri", "cluster", "simulated"] as const;
export type ProviderKind = (typeof providerKinds)[number];

const noProvider = (kind: string): string => `"${kind}" is none of ${providerKinds.join(", ")}`;

/** Exactly one of them is there: `rules.ts` says so by the argument's own path. */
export const providerSchema = z.strictObject(
  {
    ssh: sshSchema.optional(),
    serial: serialSchema.optional(),
    cri: criSchema.optional(),
    cluster: remoteClusterSchema.optional(),
    simulated: simulatedSchema.optional(),
  },
  { error: (issue) => (issue.code === "unrecognized_keys" ? issue.keys.map(noProvider).join("; ") : undefined) },
);
export type Provider = z.infer<typeof providerSchema>;

/** Quantities as Kubernetes writes them; a plain number is one too. */
export const resourcesSchema = z.record(z.string(), z.union([z.string().min(1), z.number().min(0)]));
export type Resources = z.infer<typeof resourcesSchema>;

export const digestSchema = z.string().regex(/^[0-9a-f]{64}$/);

/** Which program is wanted: where a digest changes, the agent rolls. */
export const agentSchema = z.strictObject({
  /** Of this package, whose agent is meant where nothing else is said. */
  version: text,
  /** The user's own, on the machine that runs Pulumi. */
  path: text.optional(),
  /** By architecture; of the user's own under "own". Absent where the package was built without an agent. */
  sha256: z.record(z.string(), digestSchema).optional(),
});
export type AgentProgram = z.infer<typeof agentSchema>;

/** Where the node is from outside: its InternalIP, the port of the authenticated listener, and that of its health on loopback. */
export const listenShape = {
  address: text.optional(),
  port: port.optional(),
  healthPort: port.optional(),
};

export const placeShape = {
  provider: providerSchema,
  capacity: resourcesSchema.optional(),
  allocatable: resourcesSchema.optional(),
  os: z.enum(["linux", "windows"]).optional(),
  arch: text.optional(),
  /** Whether other pods are kept off by the taint that names the provider. Default: true. */
  providerTaint: z.boolean().optional(),
  ...listenShape,
};
