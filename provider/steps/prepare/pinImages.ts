import { pinLabel } from "../../host/undo/traces";
import type { Step } from "../step";
import type { PrepareContext } from "./context";
import { bundledImages, wantedImages } from "./wantedImages";

/** $1: a word for each label's value, or nothing to take the labels away. */
const script = `
value=$1
shift
for ref in "$@"; do
  ctr --namespace k8s.io images label "$ref" "io.cri-containerd.pinned=\${value:+pinned}" "${pinLabel}=$value" >/dev/null
done`;

/**
 * A kubelet short of disk removes images that no container uses: those of the next version above all, which may have come
 * a long way. Those that the runtime calls pinned it leaves; what is no longer wanted it may have, except while a node waits
 * for its turn to be upgraded: pods of the version before may still come to it.
 */
export const pinImages: Step<PrepareContext> = {
  title: "keep images from being cleaned away",
  async run(context) {
    const { host, plan, survey } = context;
    const wanted = wantedImages(context, await bundledImages(context));
    const pinned = wanted.filter((ref) => !survey.pinned.has(ref));
    const kept = new Set([...wanted, ...plan.imagesBefore]);
    const loose = [...survey.pinned].filter((ref) => !kept.has(ref));
    if (pinned.length > 0) await host.sh(script, ["yes", ...pinned]);
    if (loose.length > 0) await host.sh(script, ["", ...loose]);
    survey.pinned = new Set([...wanted, ...[...survey.pinned].filter((ref) => kept.has(ref))]);
  },
};
