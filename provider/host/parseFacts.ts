// From what the facts script printed to Facts; pure.
import { UserError } from "../lib/errors";
import type { Facts } from "./facts";
import { sectionMark } from "./factsScript";
import { features as wantedFeatures } from "./factsWanted";
import { parseClaim } from "./journal";
import { operatingSystem } from "./os/os";
import { parseOsRelease } from "./os/release";
import { parseAddresses, parseListening, parseRoutes } from "./parseNetwork";

/** Our own clock around the round trip. */
export interface RoundTrip {
  begun: number;
  ended: number;
}

function sections(output: string): Map<string, string> {
  const parts = output
    .split(`\n${sectionMark}`)
    .map((part, index) => (index === 0 ? part.replace(sectionMark, "") : part));
  return new Map(
    parts.map((part) => {
      const end = part.indexOf("\n");
      return end < 0 ? [part.trim(), ""] : [part.slice(0, end).trim(), part.slice(end + 1)];
    }),
  );
}

const lines = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");

function pairs(text: string): Map<string, string> {
  return new Map(
    lines(text).map((line) => {
      const at = line.indexOf("=");
      return at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at + 1)];
    }),
  );
}

/** As NTP does it: what lies between the two clocks if both ways took equally long. */
function parseClock(start: string, end: string, trip: RoundTrip): Facts["clock"] {
  const [first, last] = [Number(start), Number(end)];
  const offsetMs = (first - trip.begun + (last - trip.ended)) / 2;
  return { offsetMs: Math.round(offsetMs), uncertaintyMs: Math.round((trip.ended - trip.begun - (last - first)) / 2) };
}

function parseKubernetes(found: string, server: string, claim: string): Facts["kubernetes"] {
  const rest = { found: lines(found), server: lines(server)[0] ?? "" };
  try {
    const owner = parseClaim(claim);
    return { ...rest, claim: owner && { clusterId: owner.clusterId, node: owner.node } };
  } catch {
    // Not ours to guess whose it is: the preflight refuses such a host, with the file's name.
    return { ...rest, claim: "unreadable" };
  }
}

function parseFeatures(text: string): Facts["features"] {
  const said = pairs(text);
  const state = (name: string) =>
    said.get(name) === "present" ? "present" : said.get(name) === "loadable" ? "loadable" : "missing";
  return Object.fromEntries(wantedFeatures.map(([name]) => [name, state(name)])) as Facts["features"];
}

function parsePrograms(text: string): Facts["programs"] {
  const found = [...pairs(text)].map(([name, rest]) => {
    const at = rest.indexOf("=");
    return [name, { path: rest.slice(0, at), version: rest.slice(at + 1) }] as const;
  });
  return Object.fromEntries(found);
}

export function parseFacts(label: string, output: string, trip: RoundTrip): Facts {
  const parts = sections(output);
  if (!parts.has("clock-end"))
    throw new UserError(
      `${label}: looking at the host stopped half-way`,
      "check that its login shell prints nothing and that it has the usual POSIX tools",
    );
  const part = (name: string) => parts.get(name) ?? "";
  const system = pairs(part("system"));
  const value = (name: string) => system.get(name) ?? "";
  const os = parseOsRelease(part("os-release"));
  const units = lines(part("units"));
  const addresses = parseAddresses(part("addresses"));
  const selinux = value("selinux");
  return {
    os,
    architecture: value("architecture"),
    kernel: value("kernel"),
    hostname: value("hostname"),
    root: value("uid") === "0",
    init: value("systemd") === "running" ? "systemd" : value("systemd"),
    machineId: value("machineId"),
    productUuid: value("productUuid").toLowerCase(),
    cpus: Number(value("cpus")),
    memoryMiB: Math.floor(Number(value("memoryKiB")) / 1024),
    disk: parseDisk(part("disk")),
    swap: parseSwap(part("swap")),
    selinux: selinux === "1" ? "enforcing" : selinux === "0" ? "permissive" : "off",
    cgroup: {
      version: value("cgroupfs") === "cgroup2fs" ? 2 : 1,
      controllers: part("controllers").split(/\s+/).filter(Boolean),
    },
    features: parseFeatures(part("features")),
    resolves: lines(part("resolves")),
    nameservers: lines(part("nameservers")),
    addresses,
    routes: [...parseRoutes(part("routes4"), 4, addresses), ...parseRoutes(part("routes6"), 6, addresses)],
    listening: parseListening(part("listening"), part("owners")),
    programs: parsePrograms(part("programs")),
    firewalls: [...(value("ufw") === "yes" ? ["ufw"] : []), ...(units.includes("firewalld") ? ["firewalld"] : [])],
    units,
    packages: Object.fromEntries(operatingSystem(os)?.parseInstalled(part("packages")) ?? []),
    kubernetes: parseKubernetes(part("kubernetes"), part("server"), part("claim")),
    agents: lines(part("agents")),
    clock: parseClock(part("clock"), part("clock-end"), trip),
  };
}

function parseDisk(text: string): Facts["disk"] {
  const rows = lines(text).map((line) => line.split(" "));
  return Object.fromEntries(
    rows.map(([path = "", free = "", ...mount]) => [
      path,
      { freeMiB: Math.floor(Number(free) / 1024), mount: mount.join(" ") },
    ]),
  );
}

function parseSwap(text: string): Facts["swap"] {
  return lines(text).map((line) => {
    const [device = "", size = ""] = line.split(" ");
    return { device, sizeMiB: Math.floor(Number(size) / 1024) };
  });
}
