// What the other control planes are told of one that joins or has left, where they hold a virtual address together.
import type { Host } from "../host/host";
import type { Kubectl } from "../host/kubectl";
import { withHost } from "../host/open";
import { AuthenticationError, HostKeyError, UnreachableError } from "../lib/errors";
import type { Progress } from "../lib/progress";
import { knockFor } from "../lib/silent";
import { placeFront } from "../steps/front/place";
import { forgetSpeaker, withThoseThatLeave } from "../steps/front/speakers";
import type { NodePlan } from "../steps/kubeadm/context";
import { observe } from "../steps/kubeadm/observe";

export interface Telling {
  plan: NodePlan;
  kubectl: Kubectl;
  progress: Progress;
}

/** Before it joins: from its first moment on they hear it and it hears them. */
export async function introduceSpeaker({ plan, kubectl, progress }: Telling): Promise<void> {
  if (plan.front?.by !== "keepalived") return;
  const front = await withThoseThatLeave(plan.front, kubectl);
  await eachOther(plan, progress, async (host, name) => {
    // One that has not joined, or not with this machine, gets its own when it does.
    const { ready, nodes } = await observe(host);
    if (!ready || !nodes.includes(name) || !(name in front.members)) return;
    await placeFront({ host, progress, plan: { ...plan, name, front } }, "admin.conf");
  });
}

/** After it has left, or was given up. */
export async function forgetMember({ plan, progress }: Omit<Telling, "kubectl">): Promise<void> {
  if (plan.front?.by !== "keepalived") return;
  await eachOther(plan, progress, (host) => forgetSpeaker(host, plan.target.address));
}

/** Side by side. One that is off hears nothing anyway, and is told by its own next change. */
async function eachOther(
  plan: NodePlan,
  progress: Progress,
  tell: (host: Host, name: string) => Promise<void>,
): Promise<void> {
  const { name, reach, timeouts } = plan;
  const others = Object.entries(reach).filter(
    ([other, { machineId }]) => other !== name && machineId !== plan.target.machineId,
  );
  await Promise.all(
    others.map(async ([other, target]) => {
      const knocking = { ...timeouts, connect: knockFor(target.machineId, undefined) };
      const open = { name: other, target, timeouts: knocking, progress, exclusive: false };
      try {
        await withHost(open, (host) => tell(host, other));
      } catch (error) {
        const gone = [UnreachableError, AuthenticationError, HostKeyError].some((family) => error instanceof family);
        if (!gone) throw error;
        progress.warn(`${other} was not told of ${name}: ${(error as Error).message.split("\n")[0]}`);
      }
    }),
  );
}
