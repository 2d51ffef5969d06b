// Whether what holds the API's virtual address is still there, for a refresh.
import type { Host } from "../../host/host";
import { kubeVipManifestPath } from "../../kubeadm/kubeVip";
import type { Front } from "../../kubeadm/spec";
import { frontUnits } from "./look";

const keepalivedScript = `
for unit in ${frontUnits.join(" ")}; do
  systemctl is-active --quiet "$unit" && systemctl is-enabled --quiet "$unit" || echo "$unit does not run"
done`;
const kubeVipScript = `[ -e ${kubeVipManifestPath} ] || echo "${kubeVipManifestPath} is missing"`;

export async function frontDrift(host: Host, front: Front | undefined): Promise<string[]> {
  if (front === undefined) return [];
  const { stdout } = await host.sh(front.by === "keepalived" ? keepalivedScript : kubeVipScript);
  return stdout.split("\n").filter((line) => line !== "");
}
