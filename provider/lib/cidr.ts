// Addresses and networks of both families as numbers.
import { isIPv4, isIPv6 } from "node:net";

export type Family = 4 | 6;

export interface Address {
  readonly family: Family;
  readonly value: bigint;
}

export interface Cidr {
  readonly family: Family;
  /** First address of the network; bits behind the prefix are zero. */
  readonly first: bigint;
  readonly prefix: number;
}

const bits = { 4: 32, 6: 128 } as const;

/** undefined when it is no address; scoped addresses (fe80::1%eth0) are none here. */
export function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) return { family: 4, value: ipv4Value(text) };
  if (isIPv6(text) && !text.includes("%")) return { family: 6, value: ipv6Value(text) };
  return undefined;
}

function ipv4Value(text: string): bigint {
  return text.split(".").reduce((value, octet) => (value << 8n) | BigInt(octet), 0n);
}

function ipv6Value(text: string): bigint {
  const [head = "", tail] = text.split("::");
  const front = groups(head);
  const back = groups(tail ?? "");
  const zeros = new Array<bigint>(8 - front.length - back.length).fill(0n);
  return [...front, ...zeros, ...back].reduce((value, group) => (value << 16n) | group, 0n);
}

function groups(part: string): bigint[] {
  if (part === "") return [];
  return part.split(":").flatMap((group) => {
    if (!group.includes(".")) return [BigInt(`0x${group}`)];
    const embedded = ipv4Value(group);
    return [embedded >> 16n, embedded & 0xffffn];
  });
}

/** The canonical text (RFC 5952 for IPv6). */
export function formatAddress({ family, value }: Address): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join(".");
  const all = Array.from({ length: 8 }, (_, i) => ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16));
  return shorten(all);
}

/** The longest run of two or more zero groups, the first of equals, becomes "::". */
function shorten(all: readonly string[]): string {
  const text = all.join(":");
  const runs = [...text.matchAll(/(?<=^|:)0(?::0)+(?=:|$)/g)].sort((a, b) => b[0].length - a[0].length);
  const run = runs[0];
  if (run === undefined) return text;
  const front = text.slice(0, run.index).replace(/:$/, "");
  return `${front}::${text.slice(run.index + run[0].length).replace(/^:/, "")}`;
}

/** undefined when it is no network; bits behind the prefix are dropped (see `isNetwork`). */
export function parseCidr(text: string): Cidr | undefined {
  const [host = "", length = "", ...rest] = text.split("/");
  const address = parseAddress(host);
  if (address === undefined || rest.length > 0 || !/^(0|[1-9]\d{0,2})$/.test(length)) return undefined;
  const prefix = Number(length);
  if (prefix > bits[address.family]) return undefined;
  const size = hostBits({ family: address.family, prefix });
  return { family: address.family, first: (address.value >> size) << size, prefix };
}

export function formatCidr(cidr: Cidr): string {
  return `${formatAddress({ family: cidr.family, value: cidr.first })}/${cidr.prefix}`;
}

/** Whether the text names the network itself and not an address within it (10.0.0.0/8, not 10.0.0.1/8). */
export function isNetwork(text: string): boolean {
  const cidr = parseCidr(text);
  return cidr !== undefined && parseAddress(text.split("/")[0] ?? "")?.value === cidr.first;
}

export function contains(cidr: Cidr, address: Address): boolean {
  if (cidr.family !== address.family) return false;
  const size = hostBits(cidr);
  return address.value >> size === cidr.first >> size;
}

export function overlap(a: Cidr, b: Cidr): boolean {
  const wide = a.prefix <= b.prefix ? a : b;
  const narrow = wide === a ? b : a;
  return contains(wide, { family: narrow.family, value: narrow.first });
}

/** How many networks of this prefix length fit. */
export function subnets(cidr: Cidr, prefix: number): bigint {
  return prefix < cidr.prefix ? 0n : 1n << BigInt(prefix - cidr.prefix);
}

export function size(cidr: Cidr): bigint {
  return 1n << hostBits(cidr);
}

/** The nth address, counted from the network's own. */
export function nthAddress(cidr: Cidr, n: number): Address {
  return { family: cidr.family, value: cidr.first + BigInt(n) };
}

/** "a,b" as its parts: dual-stack pairs are written so. */
export function splitPair(text: string): string[] {
  return text.split(",").map((part) => part.trim());
}

function hostBits({ family, prefix }: { family: Family; prefix: number }): bigint {
  return BigInt(bits[family] - prefix);
}
