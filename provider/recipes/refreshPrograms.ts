// Programs and images on a host that is a node already: brought beside what runs; what has to be restarted waits for its turn.
import { withTurn } from "../lib/turns";
import type { PrepareContext } from "../steps/prepare/context";
import { enableKubelet, isKubeletDue } from "../steps/prepare/enableKubelet";
import { holdBundle } from "../steps/prepare/holdBundle";
import { importImages } from "../steps/prepare/importImages";
import { installKubernetes } from "../steps/prepare/installKubernetes";
import { installRuntime, isRuntimeDue } from "../steps/prepare/installRuntime";
import { pinImages } from "../steps/prepare/pinImages";
import { proveNode } from "../steps/prepare/proveNode";
import { removeBeside } from "../steps/prepare/removeBeside";
import { stageKubernetes } from "../steps/prepare/stageKubernetes";
import { stageRuntime } from "../steps/prepare/stageRuntime";
import { runSteps, type Step } from "../steps/step";
import { sideBySide } from "./sideBySide";

const source: Step<PrepareContext>[] = [holdBundle];
/** Before the runtime changes: its new configuration may name an image that new pods need. */
const images: Step<PrepareContext>[] = [importImages, pinImages];
const ahead: Step<PrepareContext>[] = [stageKubernetes, stageRuntime];
const beside: Step<PrepareContext>[] = [removeBeside, installKubernetes];
const inTurn: Step<PrepareContext>[] = [installRuntime, enableKubelet, proveNode];

export async function refreshPrograms(context: PrepareContext): Promise<void> {
  // One that does not answer takes no images; it is brought back first, in its turn like any other.
  const answers = context.survey.runtime !== undefined;
  await runSteps(context, source);
  await sideBySide(runSteps(context, answers ? images : []), runSteps(context, ahead));
  await runSteps(context, beside);
  if (isRuntimeDue(context) || isKubeletDue(context)) await takeTurn(context);
  if (!answers) await runSteps(context, images);
}

/** One host at a time in the whole cluster, and none after one that did not come back. */
function takeTurn(context: PrepareContext): Promise<void> {
  const { inputs, progress } = context;
  return withTurn(
    `${inputs.clusterId}/runtime`,
    { name: inputs.name, capacity: 1 },
    (text) => progress.say(text),
    () => runSteps(context, inTurn),
  );
}
