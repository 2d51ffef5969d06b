// Which node agent is meant, by its content: a leaf rolls it when that changes.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { AgentProgram } from "../provider/kubeadm/virtualKubelet/spec";
import { sha256 } from "../provider/lib/sha256";
import type { AgentArgs } from "./args/virtualKubelet";

/** `dist/components` in the package; its agent lies in `dist/virtual-kubelet`. */
const packageDirectory = join(__dirname, "..", "..");

export function agentOf(args: AgentArgs | undefined): AgentProgram {
  const { version } = JSON.parse(readFileSync(join(packageDirectory, "package.json"), "utf8")) as { version: string };
  if (args !== undefined) return { version, path: args.path, sha256: { own: digestOf(args.path) } };
  const sha256 = digestsIn(join(packageDirectory, "dist", "virtual-kubelet", "SHA256SUMS"));
  return sha256 === undefined ? { version } : { version, sha256 };
}

const taken = new Map<string, string>();

/** Once for all nodes of a program. */
function digestOf(path: string): string {
  const known = taken.get(path);
  if (known !== undefined) return known;
  try {
    const digest = sha256(readFileSync(path));
    taken.set(path, digest);
    return digest;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new pulumi.RunError(`agent.path: cannot read the node agent: ${reason}`);
  }
}

/** undefined in a checkout where `make virtual-kubelet` has not run: a bundle may still hold an agent. */
function digestsIn(path: string): Record<string, string> | undefined {
  try {
    const rows = readFileSync(path, "utf8").split("\n");
    const found = rows.map((row) => /^([0-9a-f]{64}) {2}linux-(amd64|arm64)\//.exec(row));
    return Object.fromEntries(found.flatMap((row) => (row ? [[row[2], row[1]]] : [])));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
