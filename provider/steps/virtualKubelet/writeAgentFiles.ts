// What the agent reads: its node, its provider with its credentials, its way to the API, and its unit.

import type { HostFile } from "../../kubeadm/registries";
import { agentFiles } from "../../kubeadm/virtualKubelet/documents";
import { agentPaths } from "../../kubeadm/virtualKubelet/names";
import { agentUnit } from "../../kubeadm/virtualKubelet/unit";
import { sha256 } from "../../lib/sha256";
import type { Step } from "../step";
import type { AgentContext } from "./context";
import { wantRestart } from "./wantRestart";

/** The directory is everybody's to list; what is secret in it is not. */
const directories = `
mkdir -p "$1" "$2" "$3"
chmod 0755 "$1"
chmod 0700 "$2" "$3"
`;

/** Credentials that the program no longer names. $1: their directory; on standard input what stays. */
const prune = `
kept=$(cat)
find "$1" -type f | while IFS= read -r path; do
  if ! printf '%s\\n' "$kept" | grep -qxF "$path"; then rm -f "$path"; fi
done
`;

export const writeAgentFiles: Step<AgentContext> = {
  title: "write the node agent's files",
  run: async (context) => {
    const { host, plan, survey } = context;
    const { directory, credentials, certificates } = agentPaths(plan.name);
    await host.sh(directories, [directory, credentials, certificates]);
    const files = agentFiles(context.files);
    for (const { path, content, mode } of [...files, unitOf(context)]) {
      if (survey.files.get(path) !== sha256(content)) await wantRestart(context);
      await host.writeFile(path, content, mode);
    }
    const kept = files.map(({ path }) => `${path}\n`).join("");
    await host.sh(prune, [credentials], { stdin: kept });
  },
};

export function unitOf({ plan, kind, program }: Pick<AgentContext, "plan" | "kind" | "program">): HostFile {
  return agentUnit({ name: plan.name, kind, sha256: program.sha256, device: plan.provider.serial?.device });
}
