// Which of a host's addresses is the node's. Pure.
import { formatAddress, parseAddress } from "../lib/cidr";
import { UserError } from "../lib/errors";
import type { Facts } from "./facts";

/** As the kernel would write it, so that "FD00::1" and "fd00:0:0::1" are the same. */
function canonical(address: string): string {
  const parsed = parseAddress(address);
  return parsed ? formatAddress(parsed) : address;
}

function unclear(label: string, what: string, own: readonly string[]): UserError {
  const list = own.length === 0 ? "it has none that others can reach" : `it has ${own.join(", ")}`;
  return new UserError(
    `${label}: ${what}; ${list}`,
    "set the node's `address` to the one that the other nodes reach it by",
  );
}

/** The argument; else what we connect to, if the host owns it; else the address of its default route. Unclear is an error. */
export function nodeAddress(label: string, facts: Facts, wanted: string | undefined, connectedTo: string): string {
  const own = [...new Set(facts.addresses.filter(({ scope }) => scope === "global").map(({ address }) => address))];
  if (!facts.programs.ip)
    throw new UserError(
      `${label}: has no program \`ip\``,
      "install the package iproute2 (Debian, Ubuntu) or iproute (RHEL family)",
    );
  if (wanted !== undefined) {
    const found = own.find((address) => canonical(address) === canonical(wanted));
    if (found === undefined) throw unclear(label, `\`address\` ${wanted} is not an address of the host`, own);
    return found;
  }
  const dialled = own.find((address) => canonical(address) === canonical(connectedTo));
  if (dialled !== undefined) return dialled;
  return ofDefaultRoute(label, facts, own);
}

/** IPv4 first; the better metric wins, and of two with the same metric nobody knows. */
function ofDefaultRoute(label: string, { routes }: Facts, own: readonly string[]): string {
  for (const family of [4, 6]) {
    const usable = routes.filter((route) => route.family === family && route.source !== undefined);
    const best = usable.filter(({ metric }) => metric === usable[0]?.metric);
    const sources = [...new Set(best.flatMap(({ source }) => source ?? []))];
    if (sources.length > 1)
      throw unclear(label, `several default routes, with the addresses ${sources.join(" and ")}`, own);
    if (sources[0] !== undefined) return sources[0];
  }
  throw unclear(label, "no default route says which address is the node's", own);
}
