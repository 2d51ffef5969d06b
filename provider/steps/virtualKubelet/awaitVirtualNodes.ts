// The proof: every node is Ready by the word of the agent that runs now, and the agent has its serving certificate.
import { setTimeout as sleep } from "node:timers/promises";
import type { KubeObject } from "../../host/kubeObject";
import { deadline } from "../../kubeadm/spec";
import { agentPaths, certificatesOf } from "../../kubeadm/virtualKubelet/names";
import { UserError } from "../../lib/errors";
import { approveNow } from "../node/approver/install";
import { condition } from "../node/nodeState";
import type { Step } from "../step";
import type { AgentContext } from "./context";
import { nodesNamed } from "./nodesNamed";
import { leasesOf } from "./startAgent";

export const awaitVirtualNodes: Step<AgentContext> = {
  title: "wait until the node is ready",
  run: async (context) => {
    const { host, plan, kubectl, nodes, progress } = context;
    const over = Date.now() + deadline(plan.timeouts, "ready");
    for (;;) {
      const asked = Date.now();
      const late = await missing(context);
      if (late.length === 0) return;
      const told = `${late.slice(0, 3).join("; ")}${late.length > 3 ? `; and ${late.length - 3} more` : ""}`;
      if (Date.now() > over)
        throw new UserError(
          `${plan.name} was not ready within ${deadline(plan.timeouts, "ready") / 1000} s: ${told}`,
          `look at \`journalctl -u ${agentPaths(plan.name).unitName}\` on ${host.label}; \`timeouts.ready\` gives it more time.`,
        );
      progress.say(`waiting for ${plan.name} (${nodes.length - late.length} of ${nodes.length}): ${told}`);
      // A list of hundreds of nodes takes the control plane's time, which it needs to make them Ready.
      await sleep(Math.max(500, Date.now() - asked));
    }
    async function missing(own: AgentContext): Promise<string[]> {
      // Leases first: an agent tells its nodes' status and renews then, so what is read after a new lease is the new agent's word.
      const leases = own.leases && (await leasesOf(kubectl, nodes));
      const listed = await nodesNamed(kubectl, nodes);
      const late = nodesMissing(nodes, listed, own.leases, leases);
      return late.length > 0 ? late : await servingMissing(own);
    }
  },
};

type Leases = ReadonlyMap<string, string> | undefined;

export function nodesMissing(
  names: readonly string[],
  listed: readonly KubeObject[],
  before: Leases,
  leases: Leases,
): string[] {
  const byName = new Map(listed.map((node) => [node.metadata.name, node]));
  return names.flatMap((name) => {
    const node = byName.get(name);
    if (!node) return [`${name}: the node agent has not registered it`];
    const ready = condition(node, "Ready");
    if (ready?.status !== "True")
      return [`${name}: it is not Ready: ${ready?.message ?? ready?.reason ?? "no reason given"}`];
    // A Ready of before the start says nothing about the agent that runs now.
    if (before && leases?.get(name) === before.get(name)) return [`${name}: the node agent has not reported yet`];
    return [];
  });
}

/** One listener for all nodes of an agent: the first one's name is on it. */
async function servingMissing({ host, approver, plan, nodes }: AgentContext): Promise<string[]> {
  const [first = plan.name] = nodes;
  const certificate = `${certificatesOf(plan.name, first)}/kubelet-server-current.pem`;
  const there = async () => (await host.run(["test", "-s", certificate], { ok: [0, 1] })).code === 0;
  if (await there()) return [];
  const said = await approveNow(approver);
  if (await there()) return [];
  return [`${first}: no serving certificate yet${said === "" ? "" : `; the approver on ${approver.label}: ${said}`}`];
}
