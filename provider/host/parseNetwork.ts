// Addresses, routes and listening sockets, from what `ip -j` and /proc/net/tcp say.
import { z } from "zod";
import { contains, parseAddress, parseCidr } from "../lib/cidr";
import type { Address, DefaultRoute, Listener } from "./facts";

const linksSchema = z.array(
  z.object({
    ifname: z.string(),
    addr_info: z
      .array(
        z.object({
          family: z.string(),
          local: z.string().optional(),
          prefixlen: z.number().optional(),
          scope: z.string().optional(),
        }),
      )
      .optional(),
  }),
);
const routesSchema = z.array(
  z.object({
    dev: z.string().optional(),
    gateway: z.string().optional(),
    prefsrc: z.string().optional(),
    metric: z.number().optional(),
  }),
);

/** `ip -j` prints nothing at all, or "[ ]", where it has nothing to say. */
function json(text: string): unknown {
  return text.trim() === "" ? [] : JSON.parse(text);
}

export function parseAddresses(text: string): Address[] {
  return linksSchema.parse(json(text)).flatMap((link) =>
    (link.addr_info ?? []).flatMap(({ family, local, prefixlen, scope }) =>
      local === undefined || (family !== "inet" && family !== "inet6")
        ? []
        : [
            {
              link: link.ifname,
              address: local,
              prefix: prefixlen ?? 0,
              family: family === "inet" ? (4 as const) : (6 as const),
              scope: scope ?? "global",
            },
          ],
    ),
  );
}

function sameNetwork(gateway: string, of: Address): boolean {
  const [network, address] = [parseCidr(`${of.address}/${of.prefix}`), parseAddress(gateway)];
  return network !== undefined && address !== undefined && contains(network, address);
}

/** The kernel's choice: the route's own source, else the address in the gateway's network, else the link's first. */
function sourceOf(gateway: string | undefined, candidates: readonly Address[]): string | undefined {
  const near = gateway === undefined ? undefined : candidates.find((address) => sameNetwork(gateway, address));
  return (near ?? candidates[0])?.address;
}

export function parseRoutes(text: string, family: 4 | 6, addresses: readonly Address[]): DefaultRoute[] {
  const routes = routesSchema.parse(json(text)).flatMap(({ dev, gateway, prefsrc, metric }) => {
    if (dev === undefined) return [];
    const candidates = addresses.filter((a) => a.link === dev && a.family === family && a.scope === "global");
    return [{ family, link: dev, source: prefsrc ?? sourceOf(gateway, candidates), metric: metric ?? 0 }];
  });
  return routes.sort((a, b) => a.metric - b.metric);
}

/** Lines of "<hex address>:<hex port> <inode>" and of "<inode> <pid> <process>". */
export function parseListening(sockets: string, owners: string): Listener[] {
  const split = (text: string) => text.split("\n").map((line) => line.trim().split(" "));
  const owner = new Map(
    split(owners).map(([inode, pid, ...name]) => [inode, { pid: Number(pid), process: name.join(" ") }]),
  );
  const found = new Map<number, Listener>();
  for (const [local, inode] of split(sockets)) {
    const port = Number.parseInt(local?.split(":")[1] ?? "", 16);
    if (Number.isNaN(port) || found.has(port)) continue;
    const by = owner.get(inode);
    found.set(port, { port, process: by?.process || undefined, pid: by?.pid });
  }
  return [...found.values()].sort((a, b) => a.port - b.port);
}
