// The end condition: the API server of this host answers from the restored etcd, alone, and past every revision anybody has seen.
import { setTimeout as sleep } from "node:timers/promises";
import type { Kubectl } from "../../host/kubectl";
import { ApiError } from "../../host/kubeErrors";
import { UserError } from "../../lib/errors";
import { readClusterRecord } from "../node/clusterRecord";
import type { Step } from "../step";
import type { RecoverContext } from "./context";

export const proveRecovery: Step<RecoverContext> = {
  title: "prove that the API serves the recovered cluster",
  run: async ({ host, plan, kubectl, readyMs }) => {
    const over = Date.now() + readyMs;
    for (;;) {
      const reason = await unready(kubectl);
      if (reason === undefined) break;
      if (Date.now() > over)
        throw new UserError(
          `${host.label}: the API server does not answer: ${reason}`,
          "look at /var/log/pods on the host, then run again: it goes on from here",
        );
      await sleep(1000);
    }
    const list = (await kubectl.raw("/api/v1/namespaces?limit=1")) as { metadata?: { resourceVersion?: string } };
    const revision = Number(list.metadata?.resourceVersion ?? 0);
    if (revision < plan.revision + plan.bump)
      throw new UserError(`${host.label}: the API is at revision ${revision}, which clients may have seen before`);
    const record = await readClusterRecord(kubectl);
    if (record?.clusterId !== plan.clusterId)
      throw new UserError(`${host.label}: the API serves cluster ${record?.clusterId}, not ${plan.clusterId}`);
  },
};

async function unready(kubectl: Kubectl): Promise<string | undefined> {
  try {
    await kubectl.ready();
    // Until it has read its roles, an API server refuses everybody.
    await readClusterRecord(kubectl);
    return undefined;
  } catch (error) {
    if (error instanceof ApiError) return error.message.split("\n")[0];
    throw error;
  }
}
