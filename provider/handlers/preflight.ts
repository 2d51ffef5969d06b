// Preflight: looks at all hosts that are new to the cluster, side by side, before anything changes on any of them; and at the whole
// cluster before an upgrade.
import { membershipOrder, upgradeOrder, upgradeOrderProblems } from "../kubeadm/upgradeOrder";
import { versionProblems } from "../kubeadm/versions";
import { RefusedError, UserError } from "../lib/errors";
import { type PreflightInputs, preflightInputsSchema } from "../preflight/inputs";
import { replacedAlone } from "../preflight/replaced";
import { clusterIsThere } from "../recipes/clusterIsThere";
import { lookAtHosts } from "../recipes/lookAtHosts";
import type { Handler, Known, Operation, Sketch } from "./handler";

export type { PreflightInputs };

export type PreflightOutputs = {
  /** Names of hosts that were good, with the machine that was looked at. */
  passed: Record<string, string>;
  /** The virtual address that was found unused; from then on the cluster has it. */
  unusedAddress?: string;
  /** The cluster was there when this ran: all its hosts are to be ready before a control plane is changed. */
  established: boolean;
};

type KnownPreflight = Known<PreflightInputs, PreflightOutputs>;

export const preflight: Handler<PreflightInputs, PreflightOutputs> = {
  kind: "Preflight",
  schema: preflightInputsSchema,
  changes: {
    clusterId: "fixed",
    kubernetesVersion: "work",
    hosts: "work",
    peers: "ignored",
    reach: "quiet",
    order: "ignored",
    upgrade: "quiet",
    drain: "quiet",
    virtualIp: "work",
    timeouts: "quiet",
  },
  rules: (news, olds) => [
    ...replacedAlone(news, olds),
    ...versionRules(news, olds),
    ...(olds ? upgradeOrderProblems(olds, news) : []),
  ],
  advice,
  create: async ({ progress }, inputs) => {
    await lookAtHosts({ progress, inputs, passed: {}, virtualIp: undefined, upgrade: undefined });
    return { id: `preflight-${inputs.clusterId}`, outputs: outputsOf(inputs, false) };
  },
  update,
  read: async (_op, { inputs, outputs }) => ({ inputs, outputs: { ...outputsOf(inputs, false), ...outputs } }),
  delete: async () => {},
};

/**
 * Whether a version may follow another is for the control planes to say: theirs is the state that knows which one was begun. Here one
 * that could not even be fetched would stand in the way of the right one.
 */
function versionRules({ kubernetesVersion }: Partial<PreflightInputs>, olds: PreflightInputs | undefined): string[] {
  if (kubernetesVersion === undefined || kubernetesVersion === olds?.kubernetesVersion) return [];
  return versionProblems(kubernetesVersion).map(({ path, reason }) => `${path}: ${reason}`);
}

function advice(news: Sketch<PreflightInputs>, olds: PreflightInputs): string[] {
  return news.kubernetesVersion === olds.kubernetesVersion ? membershipOrder(olds, news) : upgradeOrder(olds, news);
}

/** Nothing is changed here, so whatever goes wrong is a refusal: the state keeps what was true before. */
async function update(
  { progress }: Operation,
  known: KnownPreflight,
  inputs: PreflightInputs,
): Promise<PreflightOutputs> {
  const { passed = {}, unusedAddress, established } = known.outputs;
  const { kubernetesVersion: from } = known.inputs;
  const changed = from !== inputs.kubernetesVersion || !known.converged;
  try {
    const [gated, there] = await Promise.all([
      lookAtHosts({
        progress,
        inputs,
        passed,
        virtualIp: unusedAddress,
        upgrade: changed ? { from, established } : undefined,
      }),
      established || changed ? undefined : clusterIsThere({ ...inputs, progress }),
    ]);
    // A state of an earlier release does not say; a cluster that has passed before is there.
    return outputsOf(inputs, gated ?? there ?? established ?? true);
  } catch (error) {
    if (error instanceof RefusedError || !(error instanceof UserError)) throw error;
    throw new RefusedError(error.message, undefined, { cause: error });
  }
}

function outputsOf({ hosts, virtualIp }: PreflightInputs, established: boolean): PreflightOutputs {
  return {
    passed: Object.fromEntries(Object.entries(hosts).map(([name, { target }]) => [name, target.machineId])),
    ...(virtualIp && { unusedAddress: virtualIp.address }),
    established,
  };
}
