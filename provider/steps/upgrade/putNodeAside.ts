// Before its kubelet is replaced a node takes no more pods; what it owes to whom is written down with the cordon.
import type { Kubectl } from "../../host/kubectl";
import { UserError } from "../../lib/errors";
import type { Step } from "../step";
import { type Owed, putAside } from "./aside";
import type { UpgradeContext } from "./context";
import { drainDue } from "./due";
import { owners, readyDaemons, readyOf } from "./owed";
import { ownerOf } from "./ownerOf";

export const putNodeAside: Step<UpgradeContext> = {
  title: "cordon the node",
  when: ({ plan, found }) => drainDue(found, plan),
  run: async ({ kubectl, plan: { name } }) => {
    const [node, pods] = await Promise.all([
      kubectl.get({ type: "nodes", name }),
      kubectl.list({ type: "pods", allNamespaces: true, fields: `spec.nodeName=${name}` }),
    ]);
    if (!node) throw new UserError(`the cluster has no node ${name}`, "run `pulumi up` again to join it");
    const moved = await Promise.all(owners(pods).map((owner) => counted(kubectl, owner)));
    await putAside(kubectl, node, { moved: moved.filter(({ ready }) => ready > 0), daemons: readyDaemons(pods) });
  },
};

async function counted(kubectl: Kubectl, owner: Omit<Owed, "ready">): Promise<Owed> {
  const object = await ownerOf(kubectl, owner);
  return { ...owner, ready: object ? readyOf(object) : 0 };
}
