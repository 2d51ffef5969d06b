// Tells the cluster about the nodes before they register: serving certificates are approved only for the addresses in this record.
import { type NodeRecord, recordNodes } from "../node/clusterRecord";
import { admitMachine, denyName, removedNames } from "../node/removedNames";
import type { Step } from "../step";
import type { AgentContext } from "./context";

export const recordVirtualNodes: Step<AgentContext> = {
  title: "record the node in the cluster",
  run: async ({ kubectl, plan, files, nodes }) => {
    const { machineId } = plan.target;
    // Should the former machine come back, its agent has to stay out.
    if (plan.formerMachine !== undefined) for (const node of nodes) await denyName(kubectl, node);
    // Names that were taken out without their machine are closed to everybody until the program lets one in.
    const closed = await removedNames(kubectl);
    for (const node of nodes) if (node in closed) await admitMachine(kubectl, node, machineId);
    const record: NodeRecord = { addresses: [files.address], machineId, role: "virtual" };
    await recordNodes(kubectl, Object.fromEntries(nodes.map((node) => [node, record])));
  },
};
