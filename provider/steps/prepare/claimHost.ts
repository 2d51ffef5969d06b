import { claimScript } from "../../host/undo/before";
import type { Step } from "../step";
import type { PrepareContext } from "./context";

/** Before the first change: whose the host is from now on, and how it was until now. */
export const claimHost: Step<PrepareContext> = {
  title: "claim host",
  when: ({ survey }) => survey.journal.claim === undefined,
  async run(context) {
    const { host, inputs, survey } = context;
    const fresh = { format: 1 as const, clusterId: inputs.clusterId, node: inputs.name, joined: false };
    await host.sh(claimScript, [JSON.stringify(fresh)]);
    survey.journal.claim = fresh;
  },
};
