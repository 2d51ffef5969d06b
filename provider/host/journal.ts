// The host's own memory of what was changed on it, and for which cluster; deleting reads it backwards.
import { z } from "zod";
import { RefusedError } from "../lib/errors";
import type { Host } from "./host";
import { journalDirectory, journalLibrary } from "./journalScript";

export const claimPath = `${journalDirectory}/claim.json`;

const claimSchema = z.object({
  format: z.literal(1),
  clusterId: z.string(),
  node: z.string(),
  /** Written by whoever lets the host join, taken back by whoever lets it leave: a join between the two is half-finished. */
  joined: z.boolean(),
  /** The node it was when another one of the same cluster took it over; what it holds is that one's until it joins. */
  was: z.string().optional(),
});
export type Claim = z.infer<typeof claimSchema>;

const entrySchema = z.discriminatedUnion("kind", [
  /** `backup` absent: there was no such file. */
  z.object({ kind: z.literal("file"), path: z.string(), backup: z.string().optional() }),
  z.object({ kind: z.literal("directory"), path: z.string() }),
  /** Written before the installation; the difference to `before` is what came with it. */
  z.object({ kind: z.literal("packages"), before: z.string() }),
  z.object({ kind: z.literal("installed"), names: z.array(z.string()) }),
  z.object({ kind: z.literal("account"), name: z.string(), of: z.enum(["user", "group"]) }),
  z.object({ kind: z.literal("unit"), unit: z.string(), enabled: z.boolean(), active: z.boolean() }),
  z.object({ kind: z.literal("sysctl"), path: z.string(), value: z.string() }),
  z.object({ kind: z.literal("module"), name: z.string() }),
  z.object({ kind: z.literal("hostname"), value: z.string() }),
  z.object({ kind: z.literal("swap"), devices: z.array(z.string()) }),
  /** The container runtime is ours: its state goes with it. */
  z.object({ kind: z.literal("runtime") }),
]);
export type Entry = z.infer<typeof entrySchema>;

export interface Journal {
  claim: Claim | undefined;
  /** Oldest first. */
  entries: Entry[];
}

export function parseClaim(text: string): Claim | undefined {
  return text.trim() === "" ? undefined : claimSchema.parse(JSON.parse(text));
}

/** A line cut short by a crash was written before its change, so the change never happened. */
export function parseEntries(text: string): Entry[] {
  const lines = text.split("\n");
  const last = lines.pop() ?? "";
  const whole = last.trim().endsWith("}") ? [...lines, last] : lines;
  return whole.filter((line) => line.trim() !== "").map((line) => entrySchema.parse(JSON.parse(line)));
}

export async function readClaim(host: Host): Promise<Claim | undefined> {
  return parseClaim((await host.readFile(claimPath))?.toString("utf8") ?? "");
}

/** Refuses a host that another cluster, or another node of this one, has. */
export function refuseForeign(host: Host, claim: Claim | undefined, clusterId: string, node: string): void {
  if (claim === undefined || (claim.clusterId === clusterId && claim.node === node)) return;
  const owner =
    claim.clusterId === clusterId
      ? `node ${claim.node} of this cluster`
      : `another cluster (${claim.clusterId}, node ${claim.node})`;
  throw new RefusedError(
    `${host.label} belongs to ${owner}`,
    `take it out of the program that made it; if that program is gone, run \`kubeadm reset\` there and remove ${journalDirectory}`,
  );
}

async function writeClaim(host: Host, claim: Claim): Promise<void> {
  await host.writeFile(claimPath, `${JSON.stringify(claim)}\n`, 0o600);
}

/** What a node left behind that the cluster has given up; whether it has is asked before anything of it is touched. */
export async function takeOver(host: Host, claim: Claim, node: string): Promise<Claim> {
  const taken: Claim = { ...claim, node, was: claim.was ?? claim.node };
  if (taken.was === node) delete taken.was;
  await writeClaim(host, taken);
  return taken;
}

/** To be called once the host is part of the cluster. */
export async function markJoined(host: Host, clusterId: string, node: string): Promise<void> {
  await writeClaim(host, { format: 1, clusterId, node, joined: true });
}

/** To be called once the host is proven to have left; what the preparation changed is undone after that. */
export async function markLeft(host: Host, clusterId: string, node: string): Promise<void> {
  await writeClaim(host, { format: 1, clusterId, node, joined: false });
}

/** Appended and on disk before the change is made. */
export async function record(host: Host, entries: readonly Entry[]): Promise<void> {
  if (entries.length === 0) return;
  const lines = entries.map((entry) => `${JSON.stringify(entry)}\n`).join("");
  await host.sh(`${journalLibrary}\ncat >>"$journal"; persist`, [], { stdin: lines });
}
