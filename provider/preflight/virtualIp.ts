// The API's virtual address: nobody may have it before the cluster does, and it has to lie in the control planes' network.
import { contains, parseAddress, parseCidr } from "../lib/cidr";
import { type Candidate, type Check, type Fleet, isOurs, type Problem, type VirtualIp } from "./check";

const remedy = "set `endpoint.virtualIp.address` to an address that nobody uses";

export const virtualIpIsUnused: Check = (candidate, fleet) => {
  const { virtualIp } = fleet;
  if (virtualIp === undefined) return [];
  return [...onInterface(candidate, fleet, virtualIp), ...answered(candidate, fleet, virtualIp)];
};

/** On a resumed run our own keepalived may hold it already. */
function onInterface(candidate: Candidate, fleet: Fleet, { address }: VirtualIp): Problem[] {
  const own = has(candidate, address);
  if (own === undefined || isOurs(candidate, fleet)) return [];
  return [{ check: "VirtualIP", text: `has the API's virtual address ${address} itself, on ${own}`, remedy }];
}

function answered(candidate: Candidate, fleet: Fleet, { address, seen }: VirtualIp): Problem[] {
  if (seen?.by !== candidate.name) return [];
  // Told on the host itself, or right as it is.
  if (fleet.candidates.some((one) => has(one, address) !== undefined)) return [];
  const { holder } = seen;
  const who = "neighbour" in holder ? `the machine with MAC address ${holder.neighbour}` : `a machine`;
  const how = "neighbour" in holder ? "" : `, which answers at TCP port ${holder.port}`;
  return [{ check: "VirtualIP", text: `sees ${who} at the API's virtual address ${address}${how}`, remedy }];
}

const has = ({ facts }: Candidate, wanted: string): string | undefined =>
  facts.addresses.find(({ address }) => address === wanted)?.link;

/** Announced to neighbours: where none of them is in its network, nobody would ever look for it there. */
export const virtualIpIsInNetwork: Check = ({ facts, controlPlane }, { virtualIp }) => {
  const address = virtualIp && parseAddress(virtualIp.address);
  if (!controlPlane || !address || facts.addresses.length === 0) return [];
  const networks = facts.addresses.filter(({ scope }) => scope === "global").map((a) => `${a.address}/${a.prefix}`);
  const inside = networks.some((network) => {
    const cidr = parseCidr(network);
    return cidr !== undefined && contains(cidr, address);
  });
  if (inside) return [];
  return [
    {
      check: "VirtualIPNetwork",
      text: `is in no network with the API's virtual address ${virtualIp.address} (${networks.join(", ")})`,
      remedy: "take a free address of the control planes' own network",
    },
  ];
};
