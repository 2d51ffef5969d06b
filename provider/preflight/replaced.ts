// Another machine in the place of the only control plane: the cluster would end with the one and never get to the other. Pure.
import { preparesRecovery } from "../lib/recovery";
import type { PreflightInputs } from "./inputs";

export function replacedAlone(
  news: Partial<PreflightInputs>,
  olds: PreflightInputs | undefined,
  env: NodeJS.ProcessEnv = process.env,
): string[] {
  const { hosts, reach } = news;
  if (!olds || !hosts || !reach || preparesRecovery(env)) return [];
  const machines = Object.entries(hosts).filter(([, { controlPlane }]) => controlPlane);
  const replaced = machines.filter(([name, { target }]) => {
    const before = olds.hosts[name]?.target.machineId;
    return before !== undefined && before !== target.machineId;
  });
  const staying = Object.entries(reach).filter(([name, { machineId }]) => olds.reach[name]?.machineId === machineId);
  if (staying.length > 0) return [];
  return replaced.map(
    ([name, { target }]) =>
      `${name} is the only control plane, and another machine answers at ${target.connection.host} now (or it was reinstalled): the cluster's data is on the former one alone. Add a second control plane, run \`pulumi up\`, then replace ${name}; when the former machine is lost, run once with KUBEADM_RECOVER=prepare, which prepares the new one and then stops, and \`npx pulumi-kubeadm recover\` brings the cluster back onto it from a backup; when the cluster was never made or is given up, run \`pulumi destroy\` first`,
  );
}
