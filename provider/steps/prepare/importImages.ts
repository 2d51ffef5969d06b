import { UserError } from "../../lib/errors";
import type { BundledImage } from "../../source/supply";
import type { Step } from "../step";
import type { PrepareContext } from "./context";
import { stageOptions } from "./installKubernetes";
import { pullImage } from "./pullImage";
import { bundledImages, wantedImages } from "./wantedImages";

async function present({ host }: PrepareContext): Promise<Set<string>> {
  const { stdout } = await host.run(["ctr", "--namespace", "k8s.io", "images", "ls", "-q"]);
  return new Set(stdout.split("\n").filter((line) => line !== ""));
}

async function bring(context: PrepareContext, ref: string, bundled: Map<string, BundledImage>): Promise<void> {
  const { host, supply } = context;
  const image = bundled.get(ref);
  if (image !== undefined && supply.importImage !== undefined)
    return supply.importImage(host, image, stageOptions(context, "images"));
  if (supply.bundle === undefined) return pullImage(context, ref);
  throw new UserError(
    `the bundle ${supply.bundle.directory} holds no image ${ref}`,
    "make it again with `npx pulumi-kubeadm bundle` for this Kubernetes version, or put the image into it with --image",
  );
}

/** Two at a time: one is sent while the other is unpacked. */
async function inPairs(items: readonly string[], work: (item: string) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  const results = await Promise.allSettled([worker(), worker()]);
  for (const result of results) if (result.status === "rejected") throw result.reason;
}

/** Only those the runtime lacks, and only those the role needs. */
export const importImages: Step<PrepareContext> = {
  title: "import images",
  async run(context) {
    const { host, progress } = context;
    const bundled = await bundledImages(context);
    context.survey.images ??= await present(context);
    const refs = wantedImages(context, bundled);
    const lacking = refs.filter((ref) => !context.survey.images?.has(ref));
    let done = 0;
    await inPairs(lacking, async (ref) => {
      await bring(context, ref, bundled);
      done += 1;
      progress.say(`${host.label}: ${done} of ${lacking.length} images`);
    });
    if (lacking.length === 0) return;
    const now = await present(context);
    context.survey.images = now;
    const still = refs.filter((ref) => !now.has(ref));
    if (still.length > 0)
      throw new UserError(
        `the runtime took the archives, but does not list ${still.join(", ")}`,
        "look at the names in the bundle's images/<arch>/index.json",
      );
  },
};
