// For one run: hosts that take the place of lost control planes are prepared, so that the cluster can be recovered onto one of them.

export function preparesRecovery(env: NodeJS.ProcessEnv = process.env): boolean {
  return env["KUBEADM_RECOVER"] === "prepare";
}
