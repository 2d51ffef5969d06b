// The host keys of a device that somebody else will talk to, seen by the way he will take; nothing is run there.
import { deadline, type Hop, type Target, type Timeouts } from "../kubeadm/spec";
import type { DeviceHop } from "../kubeadm/virtualKubelet/spec";
import type { Progress } from "../lib/progress";
import { endpointOf } from "../ssh/hop";
import { formatKey } from "../ssh/hostKey";
import { acquire } from "../ssh/pool";

export interface DeviceLook {
  name: string;
  device: DeviceHop;
  /** The machine whose way it is. */
  from: Target;
  /** Recorded before, by "host:port": a key that changed is an error. */
  known: Readonly<Record<string, string>>;
  timeouts?: Timeouts | undefined;
  progress: Progress;
}

export async function deviceKeys({
  name,
  device,
  from,
  known,
  timeouts,
  progress,
}: DeviceLook): Promise<Record<string, string>> {
  const { sudo: _unused, ...machine } = from.connection;
  const lent = await acquire(endpointOf(behind(device, machine), `${name} (${device.host})`), {
    trust: { hostKeys: { ...from.hostKeys, ...known }, record: true },
    connectMs: deadline(timeouts, "connect"),
    explicitDeadline: timeouts?.connect !== undefined,
    progress,
  });
  try {
    return Object.fromEntries(lent.path.map(({ endpoint, serverKey }) => [endpoint.address, formatKey(serverKey)]));
  } finally {
    lent.release();
  }
}

/** The machine comes before the first hop of the device's own way. */
function behind({ proxy, ...hop }: DeviceHop, machine: Hop): Hop {
  return { ...hop, proxy: proxy ? behind(proxy, machine) : machine };
}
