import { agentPaths } from "../../kubeadm/virtualKubelet/names";
import type { AgentContext } from "./context";

/** Before a change of what the agent reads: also its machine remembers, as this run may be killed before the start. */
export async function wantRestart(context: AgentContext): Promise<void> {
  if (context.restart) return;
  await context.host.writeFile(agentPaths(context.plan.name).restart, "", 0o600);
  context.restart = true;
}
