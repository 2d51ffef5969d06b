import { journalLibrary } from "../../host/journalScript";
import type { Step } from "../step";
import type { PrepareContext } from "./context";

/** A module that is built in has no file to load: what counts is whether it is there, not what modprobe says. */
const script = `${journalLibrary}
for name in "$@"; do
  [ ! -e "/sys/module/$name" ] || continue
  note '{"kind":"module","name":"'"$name"'"}'
  persist
  modprobe "$name"
done`;

export const loadKernelModules: Step<PrepareContext> = {
  title: "load kernel modules",
  when: ({ plan, survey }) => plan.modules.some((name) => !survey.modules.has(name)),
  async run({ host, plan, survey, facts }) {
    const features: Record<string, string | undefined> = facts.features;
    const missing = plan.modules.filter((name) => !survey.modules.has(name) && features[name] !== "present");
    if (missing.length > 0) await host.sh(script, missing);
  },
};
