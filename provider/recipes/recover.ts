// How a cluster that lost its quorum for good comes back on one control plane: found, shown, agreed to, and then only ever finished.
import type { Host } from "../host/host";
import { markJoined } from "../host/journal";
import { Kubectl } from "../host/kubectl";
import { withHost } from "../host/open";
import { deadline, type Target, type Timeouts } from "../kubeadm/spec";
import type { Progress } from "../lib/progress";
import { admitRebuilt } from "../steps/recover/admitRebuilt";
import {
  finishWork,
  ownServer,
  type RecoverContext,
  type RecoverPlan,
  readPlan,
  removeWork,
  writePlan,
} from "../steps/recover/context";
import type { BackupChoice } from "../steps/recover/fetchBackup";
import { forgetLost } from "../steps/recover/forgetLost";
import { makeControlPlane } from "../steps/recover/makeControlPlane";
import { placeIdentity } from "../steps/recover/placeIdentity";
import { proveRecovery } from "../steps/recover/proveRecovery";
import { restoreEtcd } from "../steps/recover/restoreEtcd";
import { startControlPlane } from "../steps/recover/startControlPlane";
import { stopControlPlane } from "../steps/recover/stopControlPlane";
import { runSteps, type Step } from "../steps/step";
import { findRecoverable, type Recoverable } from "./recoverable";

const steps: readonly Step<RecoverContext>[] = [
  stopControlPlane,
  placeIdentity,
  restoreEtcd,
  startControlPlane,
  makeControlPlane,
  proveRecovery,
  admitRebuilt,
  forgetLost,
];

export interface RecoverRequest {
  name: string;
  target: Target;
  backup: BackupChoice | undefined;
  address: string | undefined;
  timeouts: Timeouts | undefined;
  progress: Progress;
  /** Shown what was found, or what an earlier run has begun; false: nothing is done. */
  agree: (found: Recoverable | { begun: RecoverPlan }) => Promise<boolean>;
}

/** undefined: it was not agreed to, and the host is as it was. */
export async function recover(request: RecoverRequest): Promise<RecoverPlan | undefined> {
  const { name, target, timeouts, progress } = request;
  return withHost({ name, target, timeouts, progress, exclusive: true }, async (host) => {
    const plan = await agreed(host, request);
    if (plan === undefined) return undefined;
    // Short: whoever waits for an API server asks again by himself.
    const kubectl = new Kubectl(host, { server: ownServer(plan), requestSeconds: 10 });
    const readyMs = deadline(timeouts, "ready");
    await runSteps<RecoverContext>({ host, progress, plan, kubectl, machineId: target.machineId, readyMs }, steps);
    await markJoined(host, plan.clusterId, plan.node);
    await finishWork(host, plan);
    return plan;
  });
}

async function agreed(host: Host, request: RecoverRequest): Promise<RecoverPlan | undefined> {
  const { target, agree } = request;
  const begun = await readPlan(host);
  if (begun !== undefined) return (await agree({ begun })) ? begun : undefined;
  try {
    const found = await findRecoverable(host, { ...request, connectedTo: target.connection.host });
    if (await agree(found)) {
      await writePlan(host, found.plan);
      return found.plan;
    }
  } catch (error) {
    await removeWork(host);
    throw error;
  }
  await removeWork(host);
  return undefined;
}
