// One hop with its defaults filled in, as @pulumi/command has them.
import type { Hop } from "../kubeadm/spec";
import { rememberSecret } from "../lib/redact";

export interface Endpoint {
  readonly hop: Hop;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** "host:port": the name of a hop in `hostKeys`. */
  readonly address: string;
  /** For messages: "w1 (10.0.0.21)", "jump host 10.0.0.1:22". */
  readonly label: string;
  /** The hop before this one. */
  readonly via: Endpoint | undefined;
}

/** `label` names the host; the hops before it are named by their address. */
export function endpointOf(hop: Hop, label = `jump host ${hopAddress(hop)}`): Endpoint {
  for (const secret of [hop.privateKey, hop.privateKeyPassword, hop.password]) rememberSecret(secret);
  const port = hop.port ?? 22;
  const address = hopAddress(hop);
  return {
    hop,
    host: hop.host,
    port,
    user: hop.user ?? "root",
    address,
    label,
    via: hop.proxy ? endpointOf(hop.proxy) : undefined,
  };
}

export function hopAddress(hop: Pick<Hop, "host" | "port">): string {
  const host = hop.host.includes(":") ? `[${hop.host}]` : hop.host;
  return `${host}:${hop.port ?? 22}`;
}

/** From the first hop to the host itself. */
export function pathOf(endpoint: Endpoint): Endpoint[] {
  return endpoint.via ? [...pathOf(endpoint.via), endpoint] : [endpoint];
}
