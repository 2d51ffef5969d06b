import { record } from "../../host/journal";
import { UserError } from "../../lib/errors";
import type { Step } from "../step";
import type { PrepareContext } from "./context";

/** Pairs of path and value; each is read back, because the kernel may take a value and keep another. */
const script = `
while [ $# -gt 0 ]; do
  printf '%s\\n' "$2" >"$1"
  now=$(cat "$1")
  [ "$now" = "$2" ] || echo "$1 is $now, not $2"
  shift 2
done`;

function differing({ plan, survey }: PrepareContext): [path: string, value: string][] {
  // Missing before its module was loaded counts as different.
  return [...plan.sysctls].filter(([path, value]) => survey.sysctls.get(path) !== value);
}

/** Of the running kernel, key by key; the file that the next boot reads is placed with the others. */
export const setSysctls: Step<PrepareContext> = {
  title: "set sysctls",
  when: (context) => differing(context).length > 0,
  async run(context) {
    const { host, survey } = context;
    const changes = differing(context);
    const known = changes.flatMap(([path]) => {
      const value = survey.sysctls.get(path);
      return value === undefined ? [] : [{ kind: "sysctl" as const, path, value }];
    });
    await record(host, known);
    const { stdout } = await host.sh(script, changes.flat());
    if (stdout.trim() !== "")
      throw new UserError(stdout.trim(), "look at what resets it (a security profile, a container without rights)");
  },
};
