// Which node agent is meant, by its content: a leaf rolls it when that changes.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { bundledAgent } from "../provider/kubeadm/virtualKubelet/names";
import type { AgentProgram } from "../provider/kubeadm/virtualKubelet/spec";
import { sha256 } from "../provider/lib/sha256";
import type { AgentArgs } from "./args/virtualKubelet";

/** `dist/components` in the package; its agent lies in `dist/virtual-kubelet`. */
const packageDirectory = join(__dirname, "..", "..");

/** The user's own, else the cluster's bundle's, else the package's, as provider/source/agent.ts takes them. */
export function agentOf(args: AgentArgs | undefined, bundle?: string): AgentProgram {
  const { version } = JSON.parse(readFileSync(join(packageDirectory, "package.json"), "utf8")) as { version: string };
  if (args !== undefined) return { version, path: args.path, sha256: { own: digestOf(args.path) } };
  const packaged = digestsIn(join(packageDirectory, "dist", "virtual-kubelet", "SHA256SUMS"));
  const bundled = bundle === undefined ? undefined : bundledIn(join(bundle, "bundle.json"));
  return packaged || bundled ? { version, sha256: { ...packaged, ...bundled } } : { version };
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
  const rows = textOf(path)?.split("\n");
  const found = rows?.map((row) => /^([0-9a-f]{64}) {2}linux-(amd64|arm64)\//.exec(row));
  return found && Object.fromEntries(found.flatMap((row) => (row ? [[row[2], row[1]]] : [])));
}

/** undefined where there is no bundle: the hosts that it is for tell more about that. */
function bundledIn(path: string): Record<string, string> | undefined {
  const text = textOf(path);
  if (text === undefined) return undefined;
  const { files = [] } = JSON.parse(text) as { files?: { path: string; sha256: string }[] };
  const architectures = ["amd64", "arm64"] as const;
  return Object.fromEntries(
    architectures.flatMap((architecture) => {
      const agent = files.find((file) => file.path === bundledAgent(architecture));
      return agent ? [[architecture, agent.sha256]] : [];
    }),
  );
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
