// provider.yaml, and the files beside it that hold what is secret. Pure.
import { createHash } from "node:crypto";
import type { HostFile } from "../registries";
import { agentPaths, kindOf, simulatedDirectory } from "./names";
import type { DeviceHop, Provider } from "./spec";

/** By "host:port" of a hop: "<type> <base64>". */
export type DeviceKeys = Readonly<Record<string, string>>;

export interface Settings {
  /** Tells nodes of one name of several clusters apart, where they share another cluster's namespace. */
  clusterId: string;
  name: string;
  provider: Provider;
  /** Host keys of the hops to a device, as they were first seen. */
  deviceKeys?: DeviceKeys | undefined;
}

export function providerSettings(settings: Settings): { document: object; files: HostFile[] } {
  const { name, provider } = settings;
  const kind = kindOf(provider);
  const ssh = provider.ssh && sshSettings(provider.ssh, settings);
  const simulated = provider.simulated && { ...provider.simulated, directory: simulatedDirectory(name) };
  const cluster = provider.cluster && { ...provider.cluster, owner: settings.clusterId };
  const own = ssh?.settings ?? simulated ?? cluster ?? (kind && provider[kind]) ?? {};
  const { document, credentials } = split(own, agentPaths(name).credentials);
  return { document, files: [...credentials, ...(ssh?.files ?? [])] };
}

/** What a file holds stands in the document as that file's path. */
const inFiles: Readonly<Record<string, string>> = {
  privateKey: "privateKeyFile",
  privateKeyPassword: "privateKeyPassphraseFile",
  password: "passwordFile",
  kubeconfig: "kubeconfigFile",
  ca: "caFile",
  token: "tokenFile",
  clientCertificate: "clientCertificateFile",
  clientKey: "clientKeyFile",
};

/** Seconds here, durations there. */
const durations: ReadonlySet<string> = new Set(["dial", "call", "timeout", "pollInterval"]);

interface Split {
  document: Record<string, unknown>;
  credentials: HostFile[];
}

/** `at` tells apart what stands in one directory: "proxy.privateKey". */
function split(settings: object, directory: string, at = ""): Split {
  const document: Record<string, unknown> = {};
  const credentials: HostFile[] = [];
  for (const [field, value] of Object.entries(settings)) {
    if (value === undefined) continue;
    const path = `${directory}/${at}${field}`;
    const file = inFiles[field];
    if (typeof value === "object" && value !== null) {
      const inner = split(value as object, directory, `${at}${field}.`);
      document[field] = inner.document;
      credentials.push(...inner.credentials);
    } else if (file !== undefined) {
      document[file] = path;
      credentials.push({ path, content: String(value), mode: 0o600 });
    } else document[field] = durations.has(field) ? `${String(value)}s` : value;
  }
  return { document, credentials };
}

/** A device's own fields stand at the top; the keys of all hops stand in one file. */
function sshSettings({ connection, ...settings }: NonNullable<Provider["ssh"]>, { name, deviceKeys = {} }: Settings) {
  const knownHostsFile = `${agentPaths(name).credentials}/known_hosts`;
  const hop = ({ hostKey: _inFile, proxy, ...own }: DeviceHop): object => ({
    ...own,
    knownHostsFile,
    ...(proxy && { proxy: hop(proxy) }),
  });
  const content = knownHosts(connection, deviceKeys).join("");
  return { settings: { ...hop(connection), ...settings }, files: [{ path: knownHostsFile, content, mode: 0o600 }] };
}

/** "host:port" of a hop, as its key was recorded. */
function addressOf({ host, port = 22 }: DeviceHop): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** As the program has it; of a fingerprint and where nothing is said, the recorded one that fits. */
function keyOf(hop: DeviceHop, recorded: DeviceKeys): string | undefined {
  const { hostKey } = hop;
  if (hostKey !== undefined && !hostKey.startsWith("SHA256:")) return hostKey;
  const seen = recorded[addressOf(hop)];
  return hostKey === undefined || seen === undefined || fingerprint(seen) === hostKey.replace(/=+$/, "")
    ? seen
    : undefined;
}

function fingerprint(key: string): string {
  const blob = Buffer.from(key.split(" ")[1] ?? "", "base64");
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
}

function wayOf(hop: DeviceHop): DeviceHop[] {
  return hop.proxy ? [...wayOf(hop.proxy), hop] : [hop];
}

/** Whether some hop's key has to be looked at before the agent may trust it. */
export function needsKeys(connection: DeviceHop, recorded: DeviceKeys): boolean {
  return wayOf(connection).some((hop) => keyOf(hop, recorded) === undefined);
}

function knownHosts(connection: DeviceHop, recorded: DeviceKeys): string[] {
  return wayOf(connection).flatMap((hop) => {
    const key = keyOf(hop, recorded);
    const name = hop.port === undefined || hop.port === 22 ? hop.host : `[${hop.host}]:${hop.port}`;
    return key === undefined ? [] : [`${name} ${key}\n`];
  });
}
