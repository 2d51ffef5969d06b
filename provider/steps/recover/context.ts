// What the steps of a recovery are told, and what of it lies on the host so that a killed one is finished.
import { z } from "zod";
import type { Host } from "../../host/host";
import type { Kubectl } from "../../host/kubectl";
import { withPort } from "../../lib/endpoint";
import type { StepContext } from "../step";

/** Everything of a recovery: programs, snapshot, manifests, plan; on the disk that keeps the journal, read by root alone. */
export const workDirectory = "/var/lib/pulumi-kubeadm/recover";
export const programsDirectory = `${workDirectory}/bin`;
export const snapshotPath = `${workDirectory}/snapshot.db`;
/** A backup's files as they were on its host, below this. */
export const unpackedDirectory = `${workDirectory}/backup`;
const planPath = `${workDirectory}/plan.json`;

const planSchema = z.object({
  format: z.literal(1),
  /** Makes this etcd another cluster than the lost one, whose members may still try to find it. */
  token: z.string().min(1),
  clusterId: z.string().min(1),
  node: z.string().min(1),
  address: z.string().min(1),
  /** Said to people: "the data of cp1", "backup 20260101T000000Z-1234". */
  source: z.string(),
  /** etcd's, before it is bumped. */
  revision: z.number().int(),
  bump: z.number().int().positive(),
  dataDir: z.string().startsWith("/"),
  /** Where the data that was there before goes. */
  aside: z.string().startsWith("/"),
  /** kubeadm's documents, where the host holds no control plane and one is made from the backup. */
  rebuild: z.string().optional(),
  image: z.string().min(1),
});
/** Written when everything is at hand and the user has said yes; from then on a recovery is only ever finished. */
export type RecoverPlan = z.infer<typeof planSchema>;

/** The API server of the host that is recovered. */
export const ownServer = ({ address }: RecoverPlan): string => `https://${withPort(address)}`;

export interface RecoverContext extends StepContext {
  readonly plan: RecoverPlan;
  /** The API server of this host itself: the cluster's endpoint may be at one that is lost. */
  readonly kubectl: Kubectl;
  readonly machineId: string;
  readonly readyMs: number;
}

export async function readPlan(host: Host): Promise<RecoverPlan | undefined> {
  const text = (await host.readFile(planPath))?.toString("utf8");
  return text === undefined ? undefined : planSchema.parse(JSON.parse(text));
}

export async function writePlan(host: Host, plan: RecoverPlan): Promise<void> {
  await host.writeFile(planPath, `${JSON.stringify(plan)}\n`, 0o600);
}

/** The plan goes first: without it what is left is only rubbish, and with it everything else is needed. */
export async function removeWork(host: Host): Promise<void> {
  await host.sh(`rm -f ${planPath}; rm -rf ${workDirectory}`);
}

/** Where there was no former data, nothing of it is kept. */
export async function finishWork(host: Host, { aside }: RecoverPlan): Promise<void> {
  await host.sh(`[ ! -d "$1" ] || rmdir --ignore-fail-on-non-empty "$1"`, [aside]);
  await removeWork(host);
}

export async function makeWork(host: Host): Promise<void> {
  await host.sh(`rm -rf ${workDirectory}; mkdir -m 700 ${workDirectory}`);
}
