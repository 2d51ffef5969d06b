// The proof of an endpoint from a host that is going to use it: the API answers there, with a certificate that has its name.
import { setTimeout as sleep } from "node:timers/promises";
import type { Host } from "../../host/host";
import { UserError } from "../../lib/errors";

/** With the credentials of a kubeconfig that the host has, and the cluster's CA out of it. */
export async function proveEndpoint(
  host: Host,
  endpoint: string,
  kubeconfig: string,
  timeoutMs: number,
): Promise<void> {
  const argv = ["kubectl", "--kubeconfig", kubeconfig, "--cache-dir", "/run/pulumi-kubeadm/kubectl"];
  const ask = [...argv, "--server", `https://${endpoint}`, "--request-timeout", "5s", "get", "--raw", "/readyz"];
  const over = Date.now() + timeoutMs;
  for (;;) {
    const { code, stderr } = await host.run(ask, { ok: [0, 1], timeoutMs: 15_000 });
    if (code === 0) return;
    if (Date.now() > over)
      throw new UserError(
        `${host.label}: the API does not answer at ${endpoint}: ${stderr.trim().split("\n").at(-1) ?? ""}`,
        "look at what leads there (load balancer, name, firewall); nothing was moved, the former endpoint is still in use",
      );
    await sleep(1000);
  }
}
