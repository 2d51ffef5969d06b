// Whether anybody has an address, as one host sees it. Its neighbour table tells also of machines that answer at no port.
import type { Target, Timeouts } from "../kubeadm/spec";
import { UserError } from "../lib/errors";
import type { Progress } from "../lib/progress";
import { withHost } from "./open";

/** Who was seen at an address; undefined: nobody. */
export type Holder = { neighbour: string } | { port: number };

/** $1: address, $2: ports. The entry of an earlier life would be taken for an answer. */
const script = `
if ip -o address show to "$1" | grep -q .; then exit 0; fi
ip neighbour flush to "$1" 2>/dev/null || true
for port in $2; do
  { ! timeout 1 bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$port" 2>/dev/null || echo "port $port"; } &
done
wait
ip neighbour show to "$1" | awk '!/FAILED|INCOMPLETE/ { for (i = 1; i < NF; i++) if ($i == "lladdr") print "neighbour", $(i + 1) }'`;

export interface WhoHas {
  address: string;
  /** Where the holder of the address would be asked first. */
  port: number;
  timeouts: Timeouts | undefined;
  progress: Progress;
}

/** undefined: nobody, or the host could not be asked, which is told elsewhere. */
export async function whoHas(
  name: string,
  target: Target,
  { address, port, timeouts, progress }: WhoHas,
): Promise<Holder | undefined> {
  const ports = [...new Set([port, 6443, 22, 443, 80])].join(" ");
  try {
    return await withHost({ name, target, timeouts, progress, exclusive: false }, async (host) =>
      parseHolder((await host.sh(script, [address, ports])).stdout),
    );
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

/** A machine of the same network is told by its hardware, which says more than a port. */
export function parseHolder(text: string): Holder | undefined {
  const neighbour = /^neighbour (\S+)$/m.exec(text)?.[1];
  if (neighbour !== undefined) return { neighbour };
  const port = /^port (\d+)$/m.exec(text)?.[1];
  return port === undefined ? undefined : { port: Number(port) };
}
