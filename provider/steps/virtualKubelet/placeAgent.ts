// The agent's program. Replaced by a rename: agents that run go on with the former one until their own unit starts them anew.
import { agentProgram } from "../../kubeadm/virtualKubelet/names";
import { sendFile } from "../../source/supply";
import type { Step } from "../step";
import type { AgentContext } from "./context";

export const placeAgent: Step<AgentContext> = {
  title: "place the node agent",
  when: ({ survey, program }) => survey.files.get(agentProgram) !== program.sha256,
  run: async ({ host, program, progress }) => {
    await sendFile(host, program, agentProgram, "the node agent", progress);
    await host.run(["chmod", "0755", agentProgram]);
    // The proof that it runs on this machine at all.
    await host.run([agentProgram, "version"]);
  },
};
