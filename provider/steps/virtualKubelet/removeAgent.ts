// The agent leaves its machine: stopped, what it ran at its place ended, and then every file that was put there.
import type { Host } from "../../host/host";
import { agentDirectory, agentPaths, agentPrograms } from "../../kubeadm/virtualKubelet/names";
import type { ProviderKind } from "../../kubeadm/virtualKubelet/spec";

/** $1: the unit. */
const stop = `
if systemctl cat "$1" >/dev/null 2>&1; then systemctl disable --quiet --now "$1"; fi
`;

export async function stopAgent(host: Host, name: string, timeoutMs: number): Promise<void> {
  await host.sh(stop, [agentPaths(name).unitName], { timeoutMs });
}

/** Ends whatever of this node's still runs at its place, and takes the node's own things away there: nothing comes after the agent. */
export async function cleanPlace(host: Host, name: string, kind: ProviderKind, timeoutMs: number): Promise<void> {
  const { provider, unit } = agentPaths(name);
  const program = (await host.sh(itsProgram, [unit, provider])).stdout.trim();
  if (program === "") return;
  const argv = [program, "clean", "--nodename", name, "--provider", kind, "--provider-config", provider];
  await host.run(argv, { timeoutMs });
}

/** Arguments: the unit, the provider's settings. Says nothing where either or the program is not there. */
const itsProgram = `
if ! [ -e "$1" ] || ! [ -e "$2" ]; then exit 0; fi
program=$(sed -n 's/^ExecStart=\\([^ ]*\\) .*/\\1/p' "$1")
if [ -x "$program" ]; then echo "$program"; fi
`;

/** Programs that no unit of an agent names. */
export const dropPrograms = `
for program in ${agentPrograms}*; do
  if [ -e "$program" ] && ! grep -qsF "ExecStart=$program " ${agentPaths("*").unit}; then
    rm -f "$program"
  fi
done
`;

/** Directories that others use are only removed empty. */
const removal = `
rm -rf "$1" "$2"
rm -f "$3"
${dropPrograms}
for directory in ${agentDirectory} "$(dirname ${agentDirectory})" "$(dirname "$2")"; do
  if [ -d "$directory" ]; then rmdir "$directory" 2>/dev/null || true; fi
done
systemctl daemon-reload
systemctl reset-failed "$4" 2>/dev/null || true
`;

export async function removeAgent(host: Host, name: string): Promise<void> {
  const { directory, state, unit, unitName } = agentPaths(name);
  await host.sh(removal, [directory, state, unit, unitName]);
}
