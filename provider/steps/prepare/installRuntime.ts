import { record } from "../../host/journal";
import { journalLibrary } from "../../host/journalScript";
import { containerdConfigPath } from "../../kubeadm/containerd";
import { containerdUnit } from "../../kubeadm/units";
import { messageOf, UserError } from "../../lib/errors";
import { placeFiles } from "../../source/place";
import type { Step } from "../step";
import { servesNode } from "./beside";
import type { PrepareContext } from "./context";
import { installMissing, missingArtifacts } from "./installKubernetes";
import { keptRuntimeProblems } from "./keptRuntime";
import { differingFiles } from "./placeSettings";
import { noteRestart, restartDirectory } from "./restarts";

const unit = "containerd.service";

export function isRuntimeDue(context: PrepareContext): boolean {
  const { plan, survey } = context;
  const running = survey.units.get(unit);
  return (
    missingArtifacts(context, plan.runtime).length > 0 ||
    differingFiles(context, "runtime").length > 0 ||
    survey.restarts.has(unit) ||
    running?.active !== true ||
    !running.enabled ||
    survey.runtime === undefined
  );
}

/** runc and the CNI plugins are started anew for every container, hosts.toml is read for every pull: only containerd itself is not. */
function needsRestart(context: PrepareContext): boolean {
  const { plan, survey } = context;
  if (plan.keepsRuntime) return false;
  const read = [containerdConfigPath, containerdUnit().path];
  return (
    survey.restarts.has(unit) ||
    missingArtifacts(context, plan.runtime).some(({ path }) => path.includes("/containerd/containerd/")) ||
    differingFiles(context, "runtime").some(({ path }) => read.includes(path))
  );
}

/**
 * $1: restart or start. $2: "settled" where nothing has to be proven beyond this. Ready is when it answers on its socket,
 * not when systemd has started it; and it answers without its CRI too.
 */
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
if ctr plugins ls | awk '$2 == "cri" && $NF == "error" { found = 1 } END { exit !found }'; then
  printf 'its CRI did not start: %s\\n' "$(ctr plugins ls --detailed id==cri | sed -n 's/^ *Message: *//p' | head -n 1)" >&2
  exit 1
fi
if [ "$2" = settled ]; then rm -f ${restartDirectory}/${unit}; fi
printf '%s\\n' "$version"`;

/** The journal knows the unit as it was before our files can change what systemd says of it. */
async function remember({ host, survey, plan }: PrepareContext, restart: boolean): Promise<void> {
  if (!plan.keepsRuntime && !survey.journal.entries.some(({ kind }) => kind === "runtime"))
    await record(host, [{ kind: "runtime" }]);
  await host.sh(`${journalLibrary}\nkeep_unit ${unit}\n${restart ? noteRestart(unit) : ""}`);
}

async function start({ host, survey }: PrepareContext, how: "restart" | "start"): Promise<string> {
  const words = [how, servesNode(survey) ? "unproven" : "settled"];
  return (await host.sh(startScript, words, { timeoutMs: 90_000 })).stdout.trim();
}

/** A node whose containerd does not start with a new configuration goes on with the one it had. */
async function formerConfig(context: PrepareContext): Promise<(error: unknown) => Promise<never>> {
  const { host, survey } = context;
  const changed = differingFiles(context, "runtime").find(({ path }) => path === containerdConfigPath);
  const former = servesNode(survey) && changed ? await host.readFile(containerdConfigPath) : undefined;
  return async (error) => {
    if (changed === undefined || former === undefined) throw error;
    await placeFiles(host, [{ ...changed, content: former.toString("utf8") }]);
    await start(context, "restart");
    const text = messageOf(error);
    throw new UserError(`${text}; its former configuration was put back`, "look at `containerd.config`", {
      cause: error,
    });
  };
}

/**
 * containerd with runc and the CNI plugins, running with our configuration; or the one that is there, if it fits. Containers
 * outlive its restart: each has a shim of its own, and the unit ends only containerd.
 */
export const installRuntime: Step<PrepareContext> = {
  title: "install container runtime",
  when: isRuntimeDue,
  async run(context) {
    const { host, plan, survey } = context;
    const restart = needsRestart(context);
    await remember(context, restart);
    await installMissing(context, plan.runtime);
    const putBack = await formerConfig(context);
    await placeFiles(host, differingFiles(context, "runtime"));
    survey.runtime = await start(context, restart ? "restart" : "start").catch(putBack);
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
