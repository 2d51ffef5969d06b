import { besideDirectory, besideOf } from "../../source/artifacts";
import { withPlaced } from "../../source/place";
import type { Step } from "../step";
import type { PrepareContext } from "./context";

/** Every version but the one that waits for its turn. */
function stale({ plan, survey }: PrepareContext): string[] {
  return survey.beside.map(besideOf).filter((directory) => directory !== plan.programs);
}

const script = `${withPlaced}
for directory in "$@"; do
  drop_placed "$directory/"
  rm -rf "$directory"
done
rmdir ${besideDirectory} 2>/dev/null || true`;

/** Of an upgrade that was given up, or of a switch that was cut at its very end. */
export const removeBeside: Step<PrepareContext> = {
  title: "remove programs that nobody waits for",
  when: (context) => stale(context).length > 0,
  async run(context) {
    await context.host.sh(script, stale(context));
  },
};
