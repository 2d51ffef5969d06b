// Registries as containerd reads them: a directory for each, with hosts.toml and certificates.

import type { Document } from "../lib/merge";
import { stringifyToml } from "../lib/toml";
import type { Problem } from "./problem";
import type { Containerd } from "./spec";

export const certificatesDirectory = "/etc/containerd/certs.d";

export type Registries = NonNullable<Containerd["registries"]>;
type Registry = Registries[string];

/** A file that has to be on a host. */
export interface HostFile {
  path: string;
  content: string;
  mode: number;
}

/** What the host contacts for a registry, with the settings that hold there. */
interface Endpoint {
  url: string;
  /** "mirror.example:5000" */
  host: string;
  settings: Registry;
  /** Key in the program, which names the files of certificates. */
  owner: string;
}

/** hosts.toml and certificates of every registry; 0600, as they hold credentials and keys. */
export function registryFiles(registries: Registries): HostFile[] {
  return Object.entries(registries).flatMap(([name, registry]) => [
    {
      path: `${directory(name)}/hosts.toml`,
      content: hostsToml(name, endpoints(name, registry, registries)),
      mode: 0o600,
    },
    ...certificates(name, registry),
  ]);
}

export function endpointCredentials(registries: Registries): { host: string; username: string; password: string }[] {
  const found = Object.entries(registries).flatMap(([name, registry]) =>
    endpoints(name, registry, registries).flatMap(({ host, settings: { username, password } }) =>
      username === undefined ? [] : [{ host, username, password: password ?? "" }],
    ),
  );
  return [...new Map(found.map((one) => [one.host, one])).values()];
}

/**
 * A registry's settings hold for its mirrors, if it has any, else for itself; a mirror that is a key of its own
 * brings its own. So credentials never go to a host they were not given for.
 */
function endpoints(name: string, registry: Registry, registries: Registries): Endpoint[] {
  const mirrors = registry.mirrors ?? [];
  if (mirrors.length === 0) return [{ url: ownUrl(name), host: hostOf(ownUrl(name)), settings: registry, owner: name }];
  return mirrors.map((mirror) => {
    const url = mirror.includes("://") ? mirror : `https://${mirror}`;
    const own = registries[hostOf(url)];
    return { url, host: hostOf(url), settings: own ?? registry, owner: own === undefined ? name : hostOf(url) };
  });
}

function hostOf(url: string): string {
  return new URL(url).host;
}

/** Docker Hub's name is not the host that serves it. */
function ownUrl(name: string): string {
  return `https://${name === "docker.io" ? "registry-1.docker.io" : name}`;
}

function directory(name: string): string {
  return `${certificatesDirectory}/${name}`;
}

/** containerd 1.x wants at least one host table, and tries them in the order they are written. */
function hostsToml(name: string, tried: readonly Endpoint[]): string {
  const hosts = Object.fromEntries(tried.map((endpoint) => [endpoint.url, hostTable(endpoint)]));
  // "_default" stands for every registry without a directory, which has no server of its own.
  const server = name === "_default" ? {} : { server: ownUrl(name) };
  return stringifyToml({ ...server, host: hosts });
}

function hostTable({ url, settings, owner }: Endpoint): Document {
  const { username, password, ca, clientCertificate, clientKey, skipVerify } = settings;
  const paired = clientCertificate !== undefined && clientKey !== undefined;
  return {
    capabilities: ["pull", "resolve"],
    // A path that names the API's version is whole; to any other "/v2" is appended.
    ...(/\/v2(\/|$)/.test(new URL(url).pathname) ? { override_path: true } : {}),
    ...(ca === undefined ? {} : { ca: `${directory(owner)}/ca.crt` }),
    ...(paired ? { client: [[`${directory(owner)}/client.cert`, `${directory(owner)}/client.key`]] } : {}),
    ...(skipVerify ? { skip_verify: true } : {}),
    ...(username === undefined ? {} : { header: { Authorization: basic(username, password ?? "") } }),
  };
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

function certificates(name: string, { ca, clientCertificate, clientKey }: Registry): HostFile[] {
  const files: [file: string, content: string | undefined][] = [
    ["ca.crt", ca],
    ["client.cert", clientCertificate],
    ["client.key", clientKey],
  ];
  return files.flatMap(([file, content]) =>
    content === undefined ? [] : [{ path: `${directory(name)}/${file}`, content: `${content.trim()}\n`, mode: 0o600 }],
  );
}

/** Reasons never repeat what was written: a mirror's URL may hold credentials. */
export function registryProblems(registries: Registries, path = "containerd.registries"): Problem[] {
  return Object.entries(registries).flatMap(([name, registry]) => {
    const at = `${path}["${name}"]`;
    const bad = (registry.mirrors ?? []).findIndex((mirror) => !isMirror(mirror));
    return [
      ...(/^(_default|\[?[a-z0-9.:-]+\]?(:\d+)?)$/i.test(name)
        ? []
        : [{ path: at, reason: "the key has to be a registry's host, such as registry.k8s.io or 10.0.0.5:5000" }]),
      ...(bad < 0
        ? []
        : [{ path: `${at}.mirrors[${bad}]`, reason: "has to be an http or https address without credentials in it" }]),
      ...(name === "_default" && !registry.mirrors?.length ? [{ path: at, reason: "needs mirrors" }] : []),
      ...((registry.clientCertificate === undefined) === (registry.clientKey === undefined)
        ? []
        : [{ path: at, reason: "clientCertificate and clientKey go together" }]),
      ...(registry.password !== undefined && registry.username === undefined
        ? [{ path: at, reason: "a password needs a username" }]
        : []),
      ...(registry.username?.includes(":") ? [{ path: at, reason: 'a username cannot contain ":"' }] : []),
    ];
  });
}

function isMirror(mirror: string): boolean {
  const text = mirror.includes("://") ? mirror : `https://${mirror}`;
  if (!URL.canParse(text)) return false;
  const { protocol, username, host } = new URL(text);
  return (protocol === "http:" || protocol === "https:") && username === "" && host !== "";
}
