// A kubelet that runs registers its Node again; stopped, the Node can go. The reset that follows ends the pods.
import type { Host } from "../../host/host";

export async function stopKubelet(host: Host): Promise<void> {
  await host.sh("if systemctl is-active --quiet kubelet; then systemctl stop kubelet; fi");
}
