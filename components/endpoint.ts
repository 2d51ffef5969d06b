// Where the API is found: what the program says of `endpoint`, as the leaves are told.

import * as pulumi from "@pulumi/pulumi";
import { defined } from "../provider/lib/defined";
import { withPort } from "../provider/lib/endpoint";
import type { EndpointArgs, VirtualIpArgs } from "./args/cluster";

/** haproxy's port beside the API servers' own; kube-vip carries the address alone, so the port stays theirs. */
const ports = { keepalived: 8443, "kube-vip": 6443 } as const;

const holderOf = ({ by }: VirtualIpArgs) => by ?? "keepalived";

function portOf(args: VirtualIpArgs): pulumi.Input<number> {
  return args.port ?? ports[holderOf(args)];
}

/** "host:port" of what the program itself says; undefined where it leaves the address to the first control plane. */
export function explicitEndpoint(args: EndpointArgs | undefined): pulumi.Output<string> | undefined {
  const { host, port, virtualIp } = args ?? {};
  if (virtualIp) return address(virtualIp.address, portOf(virtualIp));
  return host === undefined ? undefined : address(host, port ?? 6443);
}

function address(host: pulumi.Input<string>, port: pulumi.Input<number>): pulumi.Output<string> {
  return pulumi.all([host, port]).apply(([name, number]) => withPort(name, number));
}

/** What a control plane is told of the virtual address, where there is one. */
export function frontOf(
  args: EndpointArgs | undefined,
  members: Readonly<Record<string, pulumi.Output<string>>>,
): Record<string, pulumi.Input<unknown> | undefined> | undefined {
  const virtualIp = args?.virtualIp;
  if (!virtualIp) return undefined;
  return defined({
    ...virtualIp,
    by: holderOf(virtualIp),
    port: portOf(virtualIp),
    virtualRouterId: virtualIp.virtualRouterId ?? 51,
    members: { ...members },
  });
}

/** What the preflight is told. */
export function virtualAddress(args: EndpointArgs | undefined): Record<string, pulumi.Input<unknown>> | undefined {
  const virtualIp = args?.virtualIp;
  return virtualIp && { address: virtualIp.address, port: portOf(virtualIp) };
}

/** What its preparation has to bring. */
export function holderNeeds(
  args: EndpointArgs | undefined,
): Record<string, pulumi.Input<unknown> | undefined> | undefined {
  const virtualIp = args?.virtualIp;
  return virtualIp && defined({ by: holderOf(virtualIp), image: virtualIp.image });
}
