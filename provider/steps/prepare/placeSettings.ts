import { sha256 } from "../../lib/sha256";
import { placeFiles } from "../../source/place";
import type { Step } from "../step";
import type { PrepareContext } from "./context";
import type { PlannedFile } from "./plan";

/** By digest and mode, as the survey found them. */
export function differingFiles(
  { plan, survey }: Pick<PrepareContext, "plan" | "survey">,
  of: PlannedFile["of"],
): PlannedFile[] {
  return plan.files.filter((file) => {
    if (file.of !== of) return false;
    const found = survey.files.get(file.path);
    return found?.sha256 !== sha256(file.content) || Number.parseInt(found.mode, 8) !== file.mode;
  });
}

/** What the next boot reads: modules and sysctls. */
export const placeSettings: Step<PrepareContext> = {
  title: "write kernel settings",
  when: (context) => differingFiles(context, "kernel").length > 0,
  run: (context) => placeFiles(context.host, differingFiles(context, "kernel")),
};
