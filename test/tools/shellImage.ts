import { join } from "node:path";
import { cached, keyOf } from "./cache";
import { debianBinaries } from "./debian";
import { type ImageRecipe, writeImage } from "./image";

/** An image with a shell and what scripts call, which Kubernetes' own images lack. */
export const shellImage = "docker.io/library/shell:1.0";

const applets = [
  ..."ash awk cat chmod cp cut date dd echo env false find grep head hostname httpd id kill ln ls mkdir mv nc".split(
    " ",
  ),
  ..."nproc ps pwd rm sed seq sh sleep sort stat stty tail tar test touch tr true tty uname wc wget which yes [".split(
    " ",
  ),
];

/** `shell.tar`, a docker archive. */
export async function shellArchive(): Promise<string> {
  const busybox = join(await debianBinaries(), "busybox");
  const recipe: ImageRecipe = {
    ref: shellImage,
    files: [
      { path: "bin/busybox", from: busybox },
      ...applets.map((name) => ({ path: `bin/${name}`, linkTo: "busybox" })),
    ],
  };
  const dir = await cached(`shell-image-${keyOf(recipe)}`, (made) => writeImage(recipe, join(made, "shell.tar")));
  return join(dir, "shell.tar");
}
