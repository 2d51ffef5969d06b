// The API server on this very host, whoever answers at the endpoint.
import type { Host } from "../../host/host";

const script = `
own=$(sed -n 's|^ *kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint: *||p' \\
  /etc/kubernetes/manifests/kube-apiserver.yaml | tr -d '"')
kubectl --kubeconfig /etc/kubernetes/admin.conf --server "https://$own" --cache-dir /run/pulumi-kubeadm/kubectl \\
  --request-timeout 10s get --raw /readyz 2>&1
`;

/** Why it is not ready; undefined when it says that it is. */
export async function ownApi(host: Host): Promise<string | undefined> {
  const { code, stdout } = await host.sh(script, [], { ok: [0, 1], timeoutMs: 30_000 });
  return code === 0 ? undefined : `its API server is not ready: ${stdout.trim().split("\n").at(-1) ?? ""}`;
}
