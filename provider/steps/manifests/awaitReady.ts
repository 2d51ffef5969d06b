// Waits until objects do what they are for, and says which of them does not, and why.
import { setTimeout as sleep } from "node:timers/promises";
import type { Kubectl } from "../../host/kubectl";
import { type Identity, identityOf, type KubeObject, shown } from "../../host/kubeObject";
import { UserError } from "../../lib/errors";
import type { Progress } from "../../lib/progress";
import { keyOf } from "../../manifests/applied";
import { isWaitedFor, readiness, type Verdict } from "../../manifests/readiness";
import { whyNot } from "./whyNot";

export interface WaitWork {
  kubectl: Kubectl;
  objects: readonly Identity[];
  timeoutMs: number;
  progress: Progress;
}

interface Late extends Verdict {
  identity: Identity;
  /** Absent: somebody deleted it meanwhile. */
  object: KubeObject | undefined;
}

export async function awaitReady({ kubectl, objects, timeoutMs, progress }: WaitWork): Promise<void> {
  const due = objects.filter(isWaitedFor);
  const over = Date.now() + timeoutMs;
  for (let pause = 300; due.length > 0; pause = Math.min(pause * 1.4, 2000)) {
    const late = lateOnes(due, await kubectl.getAll(due));
    if (late.length === 0) return;
    const hopeless = late.filter((one) => one.final);
    if (hopeless.length > 0) throw await failure(kubectl, hopeless, "never becomes ready");
    if (Date.now() > over) throw await failure(kubectl, late, `was not ready within ${Math.round(timeoutMs / 1000)} s`);
    const [first] = late;
    progress.say(
      `ready: ${due.length - late.length}/${due.length}; ${first ? `${shown(first.identity)}: ${first.missing}` : ""}`,
    );
    await sleep(pause);
  }
}

function lateOnes(due: readonly Identity[], found: readonly KubeObject[]): Late[] {
  const present = new Map(found.map((object) => [keyOf(identityOf(object)), object]));
  return due.flatMap((identity) => {
    const object = present.get(keyOf(identity));
    const verdict = object ? readiness(object) : { missing: "it is gone" };
    return verdict.missing === undefined ? [] : [{ ...verdict, identity, object }];
  });
}

async function failure(kubectl: Kubectl, late: Late[], what: string): Promise<UserError> {
  const lines = [];
  for (const { identity, object, missing } of late) {
    const why = object ? await whyNot(kubectl, object) : [];
    lines.push([`${shown(identity)} ${what}: ${missing}`, ...why].join("\n    "));
  }
  return new UserError(
    `${kubectl.label}: ${lines.join("\n  ")}`,
    "mend what is named above and run `pulumi up` again; `timeouts.apply` gives it more time, `wait: false` does not wait.",
  );
}
