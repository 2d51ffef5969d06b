import { journalLibrary } from "../../host/journalScript";
import { placeFiles } from "../../source/place";
import type { Step } from "../step";
import { servesNode } from "./beside";
import type { PrepareContext } from "./context";
import { differingFiles } from "./placeSettings";
import { noteRestart, restartDirectory } from "./restarts";

const unit = "kubelet.service";

export function isKubeletDue(context: PrepareContext): boolean {
  const { survey } = context;
  return (
    differingFiles(context, "kubelet").length > 0 ||
    survey.restarts.has(unit) ||
    survey.units.get(unit)?.enabled !== true
  );
}

/** $1: "settled" where nothing has to be proven beyond this. */
const enableScript = `
systemctl daemon-reload
systemctl enable --quiet ${unit}
systemctl try-restart ${unit}
if [ "$1" = settled ]; then rm -f ${restartDirectory}/${unit}; fi`;

/** Its unit is known and enabled; kubeadm writes its configuration and starts it. A running one takes over what changed. */
export const enableKubelet: Step<PrepareContext> = {
  title: "enable kubelet",
  when: isKubeletDue,
  async run(context) {
    const { host, survey } = context;
    await host.sh(`${journalLibrary}\nkeep_unit ${unit}\n${noteRestart(unit)}`);
    await placeFiles(host, differingFiles(context, "kubelet"));
    await host.sh(enableScript, [servesNode(survey) ? "unproven" : "settled"], { timeoutMs: 90_000 });
  },
};
