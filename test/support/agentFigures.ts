// What a node agent holds and asks, read on its machine and from the API server.
import type { TestLab } from "./testLab";
import type { Workstation } from "./workstation";

/** $1: the name of its resource. */
const look = `
pid=$(systemctl show --property MainPID --value "pulumi-virtual-kubelet@$1")
awk '/^VmRSS/ { print $2 }' "/proc/$pid/status"
awk '{ print ($14 + $15) / '"$(getconf CLK_TCK)"' }' "/proc/$pid/stat"
`;

export interface AgentFigures {
  /** Resident memory. */
  mib: number;
  /** Of processor time, since it was started. */
  seconds: number;
}

export async function agentFigures(lab: TestLab, host: string, name: string): Promise<AgentFigures> {
  const { stdout } = await lab.exec(host, ["sh", "-c", look, "sh", name]);
  const [kib = 0, seconds = 0] = stdout.split("\n").map(Number);
  return { mib: Math.round(kib / 102.4) / 10, seconds };
}

/** Requests of all nodes that the API server has taken so far, by its flow schemas: kubelets count, too, and hardly matter. */
export async function nodeRequests(kubectl: Workstation): Promise<number> {
  const text = await kubectl.run("get", "--raw", "/metrics");
  const metric =
    /^apiserver_flowcontrol_dispatched_requests_total\{[^}]*flow_schema="system-node(?:s|-high)"[^}]*\} (\S+)$/gm;
  return [...text.matchAll(metric)].reduce((sum, [, count]) => sum + Number(count), 0);
}
