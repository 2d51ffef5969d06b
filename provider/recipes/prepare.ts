// From a bare host to one that kubeadm can init or join; a second run finds everything in place.

import { refuseForeign, takeOver } from "../host/journal";
import { giveWay } from "../lib/precedence";
import { servesNode } from "../steps/prepare/beside";
import { claimHost } from "../steps/prepare/claimHost";
import type { PrepareContext } from "../steps/prepare/context";
import { enableKubelet } from "../steps/prepare/enableKubelet";
import { holdBundle } from "../steps/prepare/holdBundle";
import { importImages } from "../steps/prepare/importImages";
import { installKubernetes } from "../steps/prepare/installKubernetes";
import { installPackages } from "../steps/prepare/installPackages";
import { installRuntime } from "../steps/prepare/installRuntime";
import { loadKernelModules } from "../steps/prepare/loadKernelModules";
import { pinImages } from "../steps/prepare/pinImages";
import { placeSettings } from "../steps/prepare/placeSettings";
import type { BundledVersions } from "../steps/prepare/plan";
import { removeBeside } from "../steps/prepare/removeBeside";
import { setHostname } from "../steps/prepare/setHostname";
import { setSysctls } from "../steps/prepare/setSysctls";
import { stageKubernetes } from "../steps/prepare/stageKubernetes";
import { turnSwapOff } from "../steps/prepare/turnSwapOff";
import { runSteps, type Step } from "../steps/step";
import { refreshPrograms } from "./refreshPrograms";
import { sideBySide } from "./sideBySide";
import { type SurveyOptions, surveyWithSource } from "./survey";

const claim: Step<PrepareContext>[] = [claimHost];

const system: Step<PrepareContext>[] = [
  setHostname,
  turnSwapOff,
  placeSettings,
  loadKernelModules,
  setSysctls,
  installPackages,
];

const source: Step<PrepareContext>[] = [holdBundle];

const runtime: Step<PrepareContext>[] = [installRuntime, importImages, pinImages];

const ahead: Step<PrepareContext>[] = [stageKubernetes];

const kubernetes: Step<PrepareContext>[] = [removeBeside, installKubernetes, enableKubelet];

export type Prepared = {
  /** Version of the container runtime. */
  runtime: string;
  bundled: BundledVersions;
};

export interface PrepareOptions extends SurveyOptions {
  /** From then on the host has something to undo. */
  onClaimed: () => void;
}

export async function prepare({ onClaimed, ...options }: PrepareOptions): Promise<Prepared> {
  const context = await surveyWithSource(options);
  // Before any step, so that it stays a refusal: nothing was changed.
  const { claim: found } = context.survey.journal;
  const { clusterId, name } = options.inputs;
  // A node of this cluster that was given up: the preflight has asked the cluster, and the node's own leaf asks again.
  const leftover = found?.clusterId === clusterId && found.node !== name && found.joined;
  if (leftover) context.survey.journal.claim = await takeOver(options.host, found, name);
  else refuseForeign(options.host, found, clusterId, name);
  if (found !== undefined) onClaimed();
  await runSteps(context, claim);
  onClaimed();
  // The package manager mostly waits for the disk, the programs for the network: side by side.
  const programs = servesNode(context.survey) ? refreshPrograms : bringPrograms;
  await sideBySide(runSteps(context, system), programs(context));
  return {
    runtime: (context.survey.runtime ?? "").replace(/^v/, ""),
    bundled: context.supply.bundle?.index.versions ?? {},
  };
}

/** A cluster starts on one host, and this machine's line and processor send to all: that one is served before the others. */
async function letTheFirstGoFirst({ host, inputs, progress, supply }: PrepareContext): Promise<void> {
  const { leads, clusterId } = inputs;
  if (leads || !supply.sentFromHere) return;
  await giveWay(clusterId, () => progress.say(`${host.label} waits until the first control plane has its programs`));
}

/** What is sent ahead is put in its place only after the runtime: two at a time would mix up the journal. */
async function bringPrograms(context: PrepareContext): Promise<void> {
  await letTheFirstGoFirst(context);
  await runSteps(context, source);
  await sideBySide(runSteps(context, runtime), runSteps(context, ahead));
  await runSteps(context, kubernetes);
}
