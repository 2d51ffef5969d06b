// The API's virtual address as one control plane sees it: which addresses its parts speak with. Pure.
import { isIPv6 } from "node:net";
import type { Problem } from "./problem";
import type { Front } from "./spec";

/** A virtual address on one host. */
export interface FrontPlan {
  front: Front;
  /** The control plane's node name. */
  node: string;
  /** The network interface that gets the address. */
  interface: string;
}

export const frontDirectory = "/etc/pulumi-kubeadm/front";

/** Control planes that speak the virtual address' family, by name, each with that address. */
export function speakers({ members, address }: Front): { name: string; address: string }[] {
  return Object.keys(members)
    .sort()
    .flatMap((name) => {
      const own = ownAddress(members[name] ?? "", address);
      return own === undefined ? [] : [{ name, address: own }];
    });
}

/** Of a node's addresses, one or one of each family, the one that goes with the virtual address. */
export function ownAddress(addresses: string, virtual: string): string | undefined {
  return addresses
    .split(",")
    .map((one) => one.trim())
    .find((one) => isIPv6(one) === isIPv6(virtual));
}

/** A node without an address of that family could neither hold it nor be asked by those that do. */
export function frontProblems(front: Front): Problem[] {
  const speaking = new Set(speakers(front).map(({ name }) => name));
  const family = isIPv6(front.address) ? "IPv6" : "IPv4";
  return Object.keys(front.members)
    .filter((name) => !speaking.has(name))
    .map((name) => ({
      path: "endpoint.virtualIp.address",
      reason: `${front.address} is ${family}, but ${name} has no ${family} address`,
    }));
}

/** Only the address itself: a prefix would bring a route along. */
export function withPrefix(address: string): string {
  return `${address}/${isIPv6(address) ? 128 : 32}`;
}
