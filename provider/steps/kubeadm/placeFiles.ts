// Puts the user's files onto a control plane, before anything mounts them; what they replace is in the host's journal.

import type { Host } from "../../host/host";
import { journalLibrary } from "../../host/journalScript";
import type { Step } from "../step";
import type { NodeContext, PlacedFiles } from "./context";

export const placeFiles: Step<NodeContext> = {
  title: "place files",
  when: ({ plan }) => Object.keys(plan.files).length > 0,
  run: async ({ host, plan }) => {
    await changedFiles(host, plan.files);
  },
};

const put = `${journalLibrary}
umask 077
staged=/var/lib/pulumi-kubeadm/staged
cat >"$staged"
put "$staged" "$1" "$2"
persist
`;

/** Writes what differs and says what that was. */
export async function changedFiles(host: Host, files: PlacedFiles): Promise<string[]> {
  const changed: string[] = [];
  for (const [path, { content, mode = "600" }] of Object.entries(files)) {
    if (await same(host, path, content, mode)) continue;
    await host.sh(put, [path, mode], { stdin: content });
    changed.push(path);
  }
  return changed;
}

async function same(host: Host, path: string, content: string, mode: string): Promise<boolean> {
  const found = await host.readFile(path);
  if (found === undefined || !found.equals(Buffer.from(content))) return false;
  const { stdout } = await host.run(["stat", "-c", "%a", path]);
  return Number.parseInt(stdout, 8) === Number.parseInt(mode, 8);
}
