// Services of packages that come with us, kept from running: ours have units and configurations of their own.
import type { Host } from "../../host/host";

/**
 * Debian starts a service as it installs it, with a configuration of its own. Ours come later, with units of their own; until then a
 * condition that is never true keeps these from starting. It is gone after a boot, and then nothing starts them but the next line.
 */
export async function holdBack(host: Host, services: readonly string[]): Promise<void> {
  if (services.length === 0) return;
  const script = `
for name in "$@"; do
  mkdir -p "/run/systemd/system/$name.service.d"
  printf '[Unit]\\nConditionPathExists=!/run\\n' >"/run/systemd/system/$name.service.d/pulumi-kubeadm.conf"
done`;
  await host.sh(script, services);
}

export async function switchOff(host: Host, services: readonly string[]): Promise<void> {
  if (services.length === 0) return;
  const script = `
for name in "$@"; do
  systemctl disable --quiet --now "$name.service"
  rm -rf "/run/systemd/system/$name.service.d"
done
systemctl daemon-reload`;
  await host.sh(script, services);
}
