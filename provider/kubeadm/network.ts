// The whole network of a cluster, checked on paper: everything that is wrong, with the argument it is wrong in.
import {
  type Cidr,
  contains,
  formatCidr,
  isNetwork,
  overlap,
  parseAddress,
  parseCidr,
  size,
  splitPair,
  subnets,
} from "../lib/cidr";
import { subdomainReason } from "./names";
import type { Problem } from "./problem";

export interface HostAddresses {
  /** Of the argument: "workers.w1.address". */
  path: string;
  addresses: readonly string[];
}

export interface NetworkPlan {
  podCidr?: string | undefined;
  serviceCidr?: string | undefined;
  dnsDomain?: string | undefined;
  /** As far as they are known; several hosts may not share one. */
  hosts?: readonly HostAddresses[] | undefined;
  /** Nodes the program declares: each takes a part of the pod network. */
  nodeCount?: number | undefined;
}

/** Of the arguments, as they are written in a program. */
const paths = { pod: "network.podCidr", service: "network.serviceCidr", dns: "network.dnsDomain" } as const;

interface Named {
  path: string;
  cidr: Cidr;
}

/** What kube-controller-manager cuts out of the pod network for each node. */
export const nodePrefix = { 4: 24, 6: 64 } as const;

export function validateNetwork(plan: NetworkPlan): Problem[] {
  const pods = cidrs(plan.podCidr, paths.pod);
  const services = cidrs(plan.serviceCidr, paths.service);
  return [
    ...pods.problems,
    ...services.problems,
    ...sameFamilies(pods.named, services.named),
    ...pods.named.flatMap((pod) => podProblems(pod, plan.nodeCount ?? 1)),
    ...services.named.flatMap(serviceProblems),
    ...overlaps(pods.named, services.named),
    ...hostProblems(plan.hosts ?? [], [...pods.named, ...services.named]),
    ...dnsProblems(plan.dnsDomain),
  ];
}

/** One network, or one of each family. */
function cidrs(text: string | undefined, path: string): { named: Named[]; problems: Problem[] } {
  if (text === undefined) return { named: [], problems: [] };
  const parts = splitPair(text);
  const named = parts.flatMap((part) => {
    const cidr = parseCidr(part);
    return cidr === undefined ? [] : [{ path, cidr }];
  });
  const problems = parts.flatMap((part) => {
    const reason = cidrReason(part);
    return reason === undefined ? [] : [{ path, reason }];
  });
  const [first, second, ...more] = named;
  if (problems.length === 0 && (more.length > 0 || (second && first?.cidr.family === second.cidr.family))) {
    problems.push({
      path,
      reason: `"${text}" has to be one network, or one IPv4 and one IPv6 network with a comma between`,
    });
  }
  return { named, problems };
}

function cidrReason(text: string): string | undefined {
  const cidr = parseCidr(text);
  if (cidr === undefined) return `"${text}" is no network such as 10.244.0.0/16 or fd00:10:244::/56`;
  return isNetwork(text) ? undefined : `"${text}" is an address inside a network; the network is ${formatCidr(cidr)}`;
}

function sameFamilies(pods: readonly Named[], services: readonly Named[]): Problem[] {
  if (pods.length === 0 || services.length === 0) return [];
  const families = (all: readonly Named[]) => all.map(({ cidr }) => `IPv${cidr.family}`);
  const [ofPods, ofServices] = [families(pods), families(services)];
  if (ofPods.join() === ofServices.join()) return [];
  return [
    {
      path: paths.service,
      reason: `is ${ofServices.join(" and ")} but ${paths.pod} is ${ofPods.join(" and ")}: both have to be of the same families, in the same order`,
    },
  ];
}

/** kube-controller-manager's own limit: a node's part is at most 16 bits longer than the whole. */
const widestDifference = 16;

function podProblems({ path, cidr }: Named, nodes: number): Problem[] {
  const part = nodePrefix[cidr.family];
  const room = subnets(cidr, part);
  if (room < BigInt(nodes)) {
    const reason = `${formatCidr(cidr)} holds ${room} networks of /${part}, one for each node, but there are ${nodes} nodes`;
    return [{ path, reason }];
  }
  if (part - cidr.prefix <= widestDifference) return [];
  return [
    {
      path,
      reason: `${formatCidr(cidr)} is too wide: at most /${part - widestDifference}, as every node gets a /${part}`,
    },
  ];
}

/** kube-apiserver keeps a bit for every address, so 20 bits are the most; kubeadm wants 10 addresses at least. */
function serviceProblems({ path, cidr }: Named): Problem[] {
  const widest = cidr.family === 4 ? 12 : 108;
  if (cidr.prefix < widest) return [{ path, reason: `${formatCidr(cidr)} is too wide: at most /${widest}` }];
  return size(cidr) < 10n ? [{ path, reason: `${formatCidr(cidr)} is too small: 10 addresses at least` }] : [];
}

function overlaps(pods: readonly Named[], services: readonly Named[]): Problem[] {
  return services.flatMap((service) =>
    pods
      .filter((pod) => overlap(pod.cidr, service.cidr))
      .map((pod) => ({
        path: service.path,
        reason: `${formatCidr(service.cidr)} overlaps ${pod.path} ${formatCidr(pod.cidr)}`,
      })),
  );
}

function hostProblems(hosts: readonly HostAddresses[], networks: readonly Named[]): Problem[] {
  const owners = new Map<string, string>();
  return hosts.flatMap(({ path, addresses }) =>
    addresses.flatMap((text) => {
      const address = parseAddress(text);
      // A DNS name says nothing before it is resolved.
      if (address === undefined) return [];
      const key = `${address.family} ${address.value}`;
      const owner = owners.get(key);
      owners.set(key, owner ?? path);
      const inside = networks
        .filter(({ cidr }) => contains(cidr, address))
        .map((network) => ({ path, reason: `${text} lies in ${network.path} ${formatCidr(network.cidr)}` }));
      return owner === undefined || owner === path ? inside : [...inside, { path, reason: `${text} is also ${owner}` }];
    }),
  );
}

function dnsProblems(domain: string | undefined): Problem[] {
  const reason = domain === undefined ? undefined : subdomainReason(domain);
  return reason === undefined ? [] : [{ path: paths.dns, reason }];
}

/** The families of a network argument that was found valid. */
export function familiesOf(cidrText: string): (4 | 6)[] {
  return splitPair(cidrText).flatMap((part) => parseCidr(part)?.family ?? []);
}

/** A node's addresses against the cluster's families: one of each, the primary family's first. */
export function nodeAddressProblems(addresses: readonly string[], podCidr: string, path: string): Problem[] {
  const families = familiesOf(podCidr);
  const own = addresses.map((text) => parseAddress(text)?.family);
  const wrong = own.indexOf(undefined);
  if (wrong >= 0) return [{ path, reason: `"${addresses[wrong]}" is no IP address` }];
  if (own.length <= families.length && own.every((family, i) => family === families[i])) return [];
  const wanted = families.map((family) => `IPv${family}`).join(" and ");
  return [{ path, reason: `"${addresses.join(",")}" does not fit the pod network: ${wanted} expected, in this order` }];
}
