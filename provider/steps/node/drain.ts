// Empties a node: no new pods, and those that run there leave by eviction, as far as their budgets allow.
import { setTimeout as sleep } from "node:timers/promises";
import type { Kubectl } from "../../host/kubectl";
import type { KubeObject } from "../../host/kubeObject";
import { messageOf, UserError } from "../../lib/errors";
import type { Progress } from "../../lib/progress";
import { controller, evictable, podName } from "./drainPods";
import { evict } from "./evict";

export type OnBlocked = "stop" | "force" | "skip";

export interface DrainOptions {
  node: string;
  timeoutMs: number;
  progress: Progress;
  onBlocked?: OnBlocked | undefined;
  /** Seconds; wins over the pods' own. */
  gracePeriod?: number | undefined;
}

const parallel = 8;

/** Whatever stops the drain, the node takes pods again, unless it was cordoned before. */
export async function drain(kubectl: Kubectl, options: DrainOptions): Promise<void> {
  const node = await kubectl.get({ type: "nodes", name: options.node });
  if (!node) return;
  const cordoned = (node.spec as { unschedulable?: boolean } | undefined)?.unschedulable === true;
  if (!cordoned) await cordon(kubectl, options.node, true);
  try {
    await new Drain(kubectl, options, onBlocked(options.onBlocked)).run();
  } catch (error) {
    if (!cordoned) await uncordonAfter(kubectl, options, error);
    throw error;
  }
}

/** The environment wins, for one run. */
export function onBlocked(setting: OnBlocked | undefined, env: NodeJS.ProcessEnv = process.env): OnBlocked {
  const once = env.KUBEADM_DRAIN_ON_BLOCKED;
  if (once === undefined || once === "") return setting ?? "stop";
  if (once === "stop" || once === "force" || once === "skip") return once;
  throw new UserError(`KUBEADM_DRAIN_ON_BLOCKED is "${once}"`, "set it to stop, force or skip.");
}

export async function cordon(kubectl: Kubectl, node: string, unschedulable: boolean): Promise<void> {
  await kubectl.patch({ type: "nodes", name: node }, { spec: { unschedulable: unschedulable || null } });
}

async function uncordonAfter(kubectl: Kubectl, { node, progress }: DrainOptions, first: unknown): Promise<void> {
  try {
    await cordon(kubectl, node, false);
  } catch (error) {
    // The first failure is the one to see; this one is only told.
    if (error !== first) progress.warn(`${node} stays cordoned: ${messageOf(error)}`);
  }
}

class Drain {
  private readonly started = Date.now();
  private readonly blocked = new Map<string, string>();
  private readonly seen = new Set<string>();
  private forced = false;

  constructor(
    private readonly kubectl: Kubectl,
    private readonly options: DrainOptions,
    private readonly onBlocked: OnBlocked,
  ) {}

  /** Looks at what is there and acts on it, again and again, so it does not matter where an earlier run stopped. */
  async run(): Promise<void> {
    const { node, progress, timeoutMs } = this.options;
    for (;;) {
      const pods = evictable(
        await this.kubectl.list({ type: "pods", allNamespaces: true, fields: `spec.nodeName=${node}` }),
      );
      const waiting = pods.filter((pod) => !pod.metadata.deletionTimestamp);
      this.tell(pods);
      if (pods.length === 0) return;
      const spent = Date.now() - this.started;
      if (spent > timeoutMs) return this.giveUp(pods);
      // A budget has half of the time to give way; then there is still time for the pods to end.
      if (this.onBlocked !== "stop" && spent > timeoutMs / 2 && (await this.override(pods, waiting))) return;
      await this.evictAll(waiting);
      progress.say(`drained ${this.seen.size - pods.length}/${this.seen.size} pods of ${node}${this.held()}`);
      await sleep(Math.min(1000, timeoutMs / 10));
    }
  }

  private tell(pods: KubeObject[]): void {
    for (const pod of pods) {
      const uid = pod.metadata.uid ?? podName(pod);
      if (!this.seen.has(uid) && !controller(pod)) {
        this.options.progress.warn(`pod ${podName(pod)} has no controller: nothing makes it again elsewhere`);
      }
      this.seen.add(uid);
    }
  }

  private async evictAll(pods: KubeObject[]): Promise<void> {
    this.blocked.clear();
    for (let first = 0; first < pods.length; first += parallel) {
      const batch = pods.slice(first, first + parallel);
      await Promise.all(
        batch.map(async (pod) => {
          const by = await evict(this.kubectl, pod, this.options.gracePeriod);
          if (by) this.blocked.set(podName(pod), by);
        }),
      );
    }
  }

  /** True when what is left stays where it is. */
  private async override(pods: KubeObject[], waiting: KubeObject[]): Promise<boolean> {
    const held = waiting.filter((pod) => this.blocked.has(podName(pod)));
    if (held.length === 0) return false;
    if (this.onBlocked === "skip") {
      // Pods that already end are still waited for.
      if (held.length < pods.length) return false;
      this.options.progress.warn(`left on ${this.options.node}: ${this.reasons()}`);
      return true;
    }
    if (!this.forced) this.options.progress.warn(`deleting what is held back: ${this.reasons()}`);
    this.forced = true;
    for (const pod of held) await this.remove(pod, this.options.gracePeriod);
    return false;
  }

  private async giveUp(pods: KubeObject[]): Promise<void> {
    const { node, timeoutMs, progress } = this.options;
    if (this.onBlocked === "force") {
      for (const pod of pods) await this.remove(pod, 0);
      return;
    }
    if (this.onBlocked === "skip") return progress.warn(`left on ${node}: ${pods.map(podName).join(", ")}`);
    const blocked = this.blocked.size > 0;
    const text = blocked ? this.reasons() : `still ending: ${pods.map(podName).join(", ")}`;
    throw new UserError(
      `${node} was not drained within ${Math.round(timeoutMs / 1000)} s: ${text}`,
      blocked
        ? "let the budget allow it (more replicas elsewhere), or run once with KUBEADM_DRAIN_ON_BLOCKED=force (deletes them) or =skip (leaves them)."
        : "give it more time with `timeouts.drain`, or run once with KUBEADM_DRAIN_ON_BLOCKED=force or =skip.",
    );
  }

  private async remove(pod: KubeObject, gracePeriod: number | undefined): Promise<void> {
    const { name, namespace = "default", uid } = pod.metadata;
    await this.kubectl.delete({ apiVersion: "v1", kind: "Pod", name, namespace, ...(uid ? { uid } : {}) }, gracePeriod);
  }

  private held(): string {
    return this.blocked.size > 0 ? `; ${this.reasons()}` : "";
  }

  private reasons(): string {
    const byReason = new Map<string, string[]>();
    for (const [pod, reason] of this.blocked) byReason.set(reason, [...(byReason.get(reason) ?? []), pod]);
    return [...byReason].map(([reason, pods]) => `${reason} blocks the eviction of ${pods.join(", ")}`).join("; ");
  }
}
