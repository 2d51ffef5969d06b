import { record } from "../../host/journal";
import { journalLibrary } from "../../host/journalScript";
import { UserError } from "../../lib/errors";
import { placeFiles } from "../../source/place";
import type { Step } from "../step";
import type { PrepareContext } from "./context";
import { installMissing, missingArtifacts } from "./installKubernetes";
import { keptRuntimeProblems } from "./keptRuntime";
import { differingFiles } from "./placeSettings";

const unit = "containerd.service";

function isDue(context: PrepareContext): boolean {
  const { plan, survey } = context;
  const running = survey.units.get(unit);
  return (
    missingArtifacts(context, plan.runtime).length > 0 ||
    differingFiles(context, "runtime").length > 0 ||
    running?.active !== true ||
    !running.enabled ||
    survey.runtime === undefined
  );
}

/** $1: restart or start. Ready is when it answers on its socket, not when systemd has started it. */
const startScript = `${journalLibrary}
systemctl daemon-reload
systemctl enable --quiet ${unit}
systemctl "$1" ${unit}
tries=0
until version=$(timeout 5 ctr version 2>/dev/null | awk '/^Server/ { server = 1 } server && $1 == "Version:" { print $2; exit }') && [ -n "$version" ]; do
  tries=$((tries + 1))
  if [ $tries -gt 100 ]; then journalctl --no-pager -n 15 -u ${unit} >&2; exit 1; fi
  sleep 0.2
done
printf '%s\\n' "$version"`;

/** The journal knows the unit as it was before our files can change what systemd says of it. */
async function remember({ host, survey, plan }: PrepareContext): Promise<void> {
  if (!plan.keepsRuntime && !survey.journal.entries.some(({ kind }) => kind === "runtime"))
    await record(host, [{ kind: "runtime" }]);
  await host.sh(`${journalLibrary}\nkeep_unit ${unit}`);
}

/** containerd with runc and the CNI plugins, running with our configuration; or the one that is there, if it fits. */
export const installRuntime: Step<PrepareContext> = {
  title: "install container runtime",
  when: isDue,
  async run(context) {
    const { host, plan, survey } = context;
    await remember(context);
    const programs = await installMissing(context, plan.runtime);
    const files = differingFiles(context, "runtime");
    await placeFiles(host, files);
    const changed = !plan.keepsRuntime && (programs || files.length > 0);
    survey.runtime = (await host.sh(startScript, [changed ? "restart" : "start"], { timeoutMs: 90_000 })).stdout.trim();
    // A runtime that started anew may hold other images than the one that was asked before.
    survey.images = undefined;
    if (!plan.keepsRuntime) return;
    const problems = await keptRuntimeProblems(context);
    if (problems.length > 0) {
      throw new UserError(
        problems.join("; "),
        'change its configuration, or let it be replaced with containerd.existing: "reinstall"',
      );
    }
  },
};
