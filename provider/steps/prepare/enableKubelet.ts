import { journalLibrary } from "../../host/journalScript";
import { placeFiles } from "../../source/place";
import type { Step } from "../step";
import type { PrepareContext } from "./context";
import { differingFiles } from "./placeSettings";

const unit = "kubelet.service";

/** Its unit is known and enabled; kubeadm writes its configuration and starts it. A running one takes over what changed. */
export const enableKubelet: Step<PrepareContext> = {
  title: "enable kubelet",
  when: (context) => differingFiles(context, "kubelet").length > 0 || context.survey.units.get(unit)?.enabled !== true,
  async run(context) {
    const { host } = context;
    await host.sh(`${journalLibrary}\nkeep_unit ${unit}`);
    await placeFiles(host, differingFiles(context, "kubelet"));
    await host.sh(`systemctl daemon-reload; systemctl enable --quiet ${unit}; systemctl try-restart ${unit}`, [], {
      timeoutMs: 90_000,
    });
  },
};
