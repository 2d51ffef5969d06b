// Looking at a host before its preparation, and for a refresh: what is wanted, what is there.
import { gatherFacts } from "../host/facts";
import type { Host } from "../host/host";
import { withHost } from "../host/open";
import { operatingSystem } from "../host/os/os";
import { RefusedError } from "../lib/errors";
import type { Progress } from "../lib/progress";
import { openBundle } from "../source/bundle";
import { fetchedSupply } from "../source/fetched";
import { bundleSupply, downloadSupply, type Supply } from "../source/supply";
import { heldSupply, serveHeld } from "../source/via";
import { versionBefore } from "../steps/prepare/beside";
import type { PrepareContext, PrepareInputs } from "../steps/prepare/context";
import { architectureOf, type BundledVersions, planHost, wanted } from "../steps/prepare/plan";
import { type Survey, takeSurvey } from "../steps/prepare/survey";

export interface SurveyOptions {
  host: Host;
  progress: Progress;
  inputs: PrepareInputs;
}

/** Somebody else's: there is one, and the journal does not say that we put it there. */
function keepsRuntime({ runtimeProgram, journal }: Survey, { containerd }: PrepareInputs): boolean {
  const ours = journal.entries.some(({ kind }) => kind === "runtime");
  return runtimeProgram !== undefined && !ours && containerd?.existing !== "reinstall";
}

/** Without the source: a refresh needs none, and a bundle may not be there any more. `bundled`: what it said at the time. */
export async function surveyHost(
  { host, progress, inputs }: SurveyOptions,
  bundled: BundledVersions | undefined,
): Promise<Omit<PrepareContext, "supply">> {
  // The architecture changes addresses of artifacts, never what the survey looks at.
  const draft = planHost({ inputs, architecture: "amd64", keepsRuntime: false, bundled });
  const [facts, found] = await Promise.all([gatherFacts(host, inputs.timeouts), takeSurvey(host, wanted(draft))]);
  const os = operatingSystem(facts.os);
  const architecture = architectureOf(facts);
  if (os === undefined || architecture === undefined) {
    throw new RefusedError(`${host.label}: ${facts.os.pretty} on ${facts.architecture} is not supported`);
  }
  const before = versionBefore(found, inputs.kubernetesVersion);
  const plan = planHost({ inputs, architecture, keepsRuntime: keepsRuntime(found, inputs), before, bundled });
  return { host, progress, inputs, facts, os, architecture, plan, survey: found };
}

/** Where this host's programs come from. */
async function supplyFor({ progress, inputs }: SurveyOptions): Promise<Supply> {
  const { source, name, via, timeouts } = inputs;
  if ("download" in source) return downloadSupply(source.download.mirror);
  const bundle = await openBundle(source.bundle.path);
  if (source.bundle.via === undefined) return bundleSupply(bundle);
  if (source.bundle.via === name) return heldSupply(bundle);
  if (via === undefined) throw new RefusedError(`source.bundle.via: ${source.bundle.via} is not known to ${name}`);
  // That host may be busy becoming a control plane: it is only asked to hand out, under nobody's lease.
  const open = { ...via, timeouts, progress, exclusive: false };
  let served: Promise<string> | undefined;
  return fetchedSupply(bundle, () => (served ??= withHost(open, (host) => serveHeld(host, via.target.address))));
}

export async function surveyWithSource(options: SurveyOptions): Promise<PrepareContext> {
  const supply = await supplyFor(options);
  return { ...(await surveyHost(options, supply.bundle?.index.versions)), supply };
}
