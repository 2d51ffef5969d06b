// The node agent into a bundle: the one of this package, or a program of the user's own build.
import { copyFile, mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { bundledAgent } from "../kubeadm/virtualKubelet/names";
import { UserError } from "../lib/errors";
import { agentFile, packagedAgents } from "../source/agent";
import type { BundleOptions } from "./make";

type AgentOptions = Pick<BundleOptions, "virtualKubelet" | "architectures" | "output" | "say">;

export async function copyAgents(
  { virtualKubelet, architectures, output, say }: AgentOptions,
  directory = packagedAgents,
): Promise<void> {
  if (virtualKubelet !== undefined && architectures.length > 1)
    throw new UserError("--virtual-kubelet is one program for one --arch", "make a bundle for each architecture");
  if (virtualKubelet === undefined && !(await isThere(join(directory, "SHA256SUMS")))) {
    say("this package holds no node agent, so the bundle holds none: virtual nodes will need one");
    return;
  }
  for (const architecture of architectures) {
    const agent = virtualKubelet === undefined ? {} : { path: virtualKubelet };
    const { path } = await agentFile({ agent }, architecture, directory);
    const target = join(output, bundledAgent(architecture));
    await mkdir(dirname(target), { recursive: true });
    await copyFile(path, target);
    say(`the node agent for ${architecture} into ${bundledAgent(architecture)}`);
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await readFile(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}
