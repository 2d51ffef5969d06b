// The agent's program, beside those that other agents of the machine run.
import { agentProgram } from "../../kubeadm/virtualKubelet/names";
import { sendFile } from "../../source/supply";
import type { Step } from "../step";
import type { AgentContext } from "./context";

export const placeAgent: Step<AgentContext> = {
  title: "place the node agent",
  when: ({ survey, program: { sha256 } }) => survey.files.get(agentProgram(sha256)) !== sha256,
  run: async ({ host, program, progress }) => {
    const path = agentProgram(program.sha256);
    await sendFile(host, program, path, "the node agent", progress);
    await host.run(["chmod", "0755", path]);
    // The proof that it runs on this machine at all.
    await host.run([path, "version"]);
  },
};
