// Before the first change of an upgrade: the whole cluster is looked at, through one control plane that lives.
import type { LookedAt } from "../host/lookAll";
import { withControlPlane } from "../host/reach";
import type { Reach } from "../kubeadm/spec";
import { UnreachableError, UserError } from "../lib/errors";
import type { Progress } from "../lib/progress";
import type { PreflightInputs } from "../preflight/inputs";
import { addFindings, type Verdict } from "../preflight/judge";
import { onBlocked } from "../steps/node/drain";
import { judgeCluster } from "../steps/upgradeChecks/judge";
import { lookAtCluster, recordOf } from "../steps/upgradeChecks/look";
import type { Finding, UpgradeWish } from "../steps/upgradeChecks/view";

export interface Gate {
  findings: Finding[];
  /** Nodes that are away: it is told here, so nobody tells it of their hosts once more. */
  notReady: ReadonlySet<string>;
}

/** Nobody answers, or nobody who belongs to this cluster: whether that is a reason to stop depends on the hosts. */
export type GateResult = Gate | { nobody: UnreachableError };

/** `first`: nobody else of this run has been given the findings, so they are the asker's to tell. */
export type Passed = { result: GateResult; first: boolean };

/** Nodes declared by themselves ask the same of the same cluster in the same run: once is enough. */
const asked = new Map<string, Promise<GateResult>>();

export async function passGate(inputs: PreflightInputs, members: Reach, progress: Progress): Promise<Passed> {
  const key = `${inputs.clusterId} ${inputs.kubernetesVersion}`;
  const known = asked.get(key);
  const result = known ?? look(inputs, members, progress);
  asked.set(key, result);
  return { result: await result, first: known === undefined };
}

async function look(inputs: PreflightInputs, reach: Reach, progress: Progress): Promise<GateResult> {
  const { clusterId, kubernetesVersion: to, upgrade, drain, timeouts } = inputs;
  const wish: UpgradeWish = { to, maxUnavailable: upgrade?.maxUnavailable, onBlocked: onBlocked(drain?.onBlocked) };
  try {
    return await withControlPlane({ reach, timeouts, progress }, async (peer) => {
      const record = await recordOf(peer, clusterId);
      if (!record)
        return { nobody: new UnreachableError(`${peer.host.label}: no cluster of this program is complete here`) };
      const view = await lookAtCluster(peer, record, wish, progress);
      const away = view.nodes.filter(({ notReady }) => notReady !== undefined);
      return { findings: judgeCluster(view, wish), notReady: new Set(away.map(({ name }) => name)) };
    });
  } catch (error) {
    if (error instanceof UnreachableError) return { nobody: error };
    throw error;
  }
}

export interface Gated extends Verdict {
  there: boolean | undefined;
}

export interface Beside {
  inputs: PreflightInputs;
  verdict: Verdict;
  looks: readonly LookedAt[];
  established: boolean | undefined;
}

/** What was found on the hosts and in the cluster, as one. */
export function withGate({ result, first }: Passed, { inputs, verdict, looks, established }: Beside): Gated {
  if ("nobody" in result) {
    if (!established && neverMade(looks)) return { ...verdict, there: established ?? false };
    return { ...addFindings(verdict, inputs, [silence(result.nobody)]), there: undefined };
  }
  const { findings, notReady } = result;
  const seen = { ...verdict, failures: verdict.failures.filter(({ name, away }) => !(away && notReady.has(name))) };
  return { ...addFindings(seen, inputs, first ? findings : elsewhere(findings)), there: true };
}

/** No host of it holds any part of a cluster, so there is nothing that an upgrade could break. */
function neverMade(looks: readonly LookedAt[]): boolean {
  return looks.every(({ seen }) => !(seen instanceof UserError) && seen.kubernetes.found.length === 0);
}

function silence(nobody: UnreachableError): Finding {
  return {
    check: "UpgradeControlPlanes",
    text: `cannot be asked whether it may be upgraded: ${nobody.message.split("\n  What to do:")[0]}`,
    remedy: nobody.remedy ?? "let its creation end with the former version first",
  };
}

/** A list of two hundred times the same would hide what it says. */
function elsewhere(findings: readonly Finding[]): Finding[] {
  const failures = findings.filter(({ warning }) => !warning);
  const [one] = failures;
  if (!one) return [];
  const text = `may not be upgraded (${failures.length} ${failures.length === 1 ? "reason" : "reasons"}, told once at another preflight of this run)`;
  return [{ check: one.check, text, remedy: "correct what is listed there" }];
}
