// The node agent's program: the user's own, the cluster's bundle's, or the one that comes with this package.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { LocalFile } from "../host/host";
import type { Architecture } from "../host/os/os";
import { bundledAgent, packagedAgent } from "../kubeadm/virtualKubelet/names";
import type { AgentProgram } from "../kubeadm/virtualKubelet/spec";
import { UserError } from "../lib/errors";
import { openBundle } from "./bundle";

/** `dist/virtual-kubelet` of the package; this file is in `dist/provider/source`. */
export const packagedAgents = join(__dirname, "..", "..", "virtual-kubelet");

export interface AgentSource {
  agent: Pick<AgentProgram, "path">;
  /** Directory of the cluster's bundle. */
  bundle?: string | undefined;
}

export async function agentFile(
  { agent, bundle }: AgentSource,
  architecture: Architecture,
  directory = packagedAgents,
): Promise<LocalFile> {
  if (agent.path !== undefined) return localFile(agent.path, "correct `agent.path`");
  const opened = bundle === undefined ? undefined : await openBundle(bundle);
  const path = bundledAgent(architecture);
  if (opened?.has(path)) return opened.file(path);
  return packaged(architecture, directory);
}

/** Its digest was taken when it was built: what is sent is compared with that. */
async function packaged(architecture: Architecture, directory: string): Promise<LocalFile> {
  const path = join(directory, packagedAgent(architecture));
  const remedy = `run \`make virtual-kubelet\` in a checkout of pulumi-kubeadm, name a program with \`agent.path\`, or use a bundle that holds one`;
  const sums = await readFile(join(directory, "SHA256SUMS"), "utf8").catch((cause: unknown) => {
    throw new UserError(`this package holds no node agent for ${architecture}`, remedy, { cause });
  });
  const row = sums.split("\n").find((line) => line.endsWith(`  ${packagedAgent(architecture)}`));
  const found = await localFile(path, remedy);
  if (row?.slice(0, 64) === found.sha256) return found;
  throw new UserError(`${path} is not the program that SHA256SUMS beside it describes`, remedy);
}

async function localFile(path: string, remedy: string): Promise<LocalFile> {
  try {
    const hash = createHash("sha256");
    await pipeline(createReadStream(path), hash);
    return { path, sha256: hash.digest("hex"), size: (await stat(path)).size };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UserError(`cannot read the node agent: ${reason}`, remedy, { cause });
  }
}
