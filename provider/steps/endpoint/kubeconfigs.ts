// The kubeconfigs that lie on a host, and which API they lead to.
import type { Host } from "../../host/host";
import { withServer } from "./clusterEndpoint";

export const adminKubeconfigs = ["/etc/kubernetes/admin.conf", "/etc/kubernetes/super-admin.conf"] as const;
export const kubeletKubeconfig = "/etc/kubernetes/kubelet.conf";

/** "host:port"; undefined when there is no such file. */
export async function serverOf(host: Host, path: string): Promise<string | undefined> {
  const script = `[ -e "$1" ] || exit 0; sed -n 's|^ *server: *https://||p' "$1" | head -n 1`;
  const { stdout } = await host.sh(script, [path]);
  return stdout.trim() === "" ? undefined : stdout.trim();
}

/** False when it led there already, or is not there. The key in it never leaves the connection. */
export async function leadTo(host: Host, path: string, endpoint: string): Promise<boolean> {
  const content = (await host.readFile(path))?.toString("utf8");
  if (content === undefined || (await serverOf(host, path)) === endpoint) return false;
  return host.writeFile(path, withServer(content, endpoint), 0o600);
}
