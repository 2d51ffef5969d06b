// Starts the agent, anew where something it reads has changed. What runs at the node's place goes on meanwhile.
import type { Kubectl } from "../../host/kubectl";
import { agentPaths } from "../../kubeadm/virtualKubelet/names";
import type { Step } from "../step";
import type { AgentContext } from "./context";
import { dropPrograms } from "./removeAgent";

export const startAgent: Step<AgentContext> = {
  title: "start the node agent",
  when: ({ restart, survey }) => restart || !survey.active || !survey.enabled,
  run: async (context) => {
    const { host, plan, kubectl, nodes } = context;
    const { unitName, restart } = agentPaths(plan.name);
    await host.run(["systemctl", "daemon-reload"]);
    await host.run(["systemctl", "enable", "--quiet", unitName]);
    await host.run(["systemctl", "stop", unitName]);
    // Nobody renews them now: whatever is newer later is the new agent's word.
    context.leases = await leasesOf(kubectl, nodes);
    await host.run(["systemctl", "start", unitName]);
    await host.run(["rm", "-f", restart]);
    await host.sh(dropPrograms, []);
  },
};

/** By node: when it was renewed last. */
export async function leasesOf(kubectl: Kubectl, nodes: readonly string[]): Promise<Map<string, string>> {
  const wanted = new Set(nodes);
  const leases = await kubectl.list({ type: "leases.coordination.k8s.io", namespace: "kube-node-lease" });
  return new Map(
    leases
      .filter(({ metadata }) => wanted.has(metadata.name))
      .map(({ metadata, spec }) => [metadata.name, (spec as { renewTime?: string } | undefined)?.renewTime ?? ""]),
  );
}
