// Rules over the arguments that belong to the control planes as a whole: endpoint, certificates, backups.
import { isIP } from "node:net";
import type { Problem } from "../provider/kubeadm/problem";
import { containsUnknown } from "../provider/lib/unknown";

type Plain = { readonly [key: string]: unknown };

export function endpointRules(endpoint: unknown): Problem[] {
  const { host, port, virtualIp } = section(endpoint);
  if (endpoint === undefined) return [];
  if (virtualIp === undefined)
    return host === undefined ? [{ path: "endpoint", reason: "needs either `host` or `virtualIp`" }] : [];
  const both = (["host", "port"] as const).filter((field) => ({ host, port })[field] !== undefined);
  return [
    ...both.map((field) => ({ path: `endpoint.${field}`, reason: "belongs to another endpoint than `virtualIp`" })),
    ...virtualIpRules(section(virtualIp)),
  ];
}

function virtualIpRules({ address, port, by, virtualRouterId, image }: Plain): Problem[] {
  const at = (field: string) => `endpoint.virtualIp.${field}`;
  const problems: Problem[] = [];
  if (typeof address === "string" && !containsUnknown(address) && isIP(address) === 0)
    problems.push({ path: at("address"), reason: `"${address}" is no IP address` });
  if (by === "kube-vip") {
    if (typeof port === "number" && port !== 6443)
      problems.push({ path: at("port"), reason: "has to be 6443: kube-vip carries the address alone" });
    if (virtualRouterId !== undefined)
      problems.push({ path: at("virtualRouterId"), reason: "is keepalived's: kube-vip has none" });
    return problems;
  }
  if (port === 6443)
    problems.push({ path: at("port"), reason: "6443 is the API server's own on every address; haproxy needs another" });
  if (image !== undefined) problems.push({ path: at("image"), reason: "is kube-vip's: keepalived needs none" });
  return problems;
}

/** Where a node has the virtual address, both would answer to it. */
export function virtualIpIsFree(endpoint: unknown, addresses: readonly [path: string, address: string][]): Problem[] {
  const { address } = section(section(endpoint)["virtualIp"]);
  const taken = addresses.find(([, own]) => own === address);
  return taken ? [{ path: "endpoint.virtualIp.address", reason: `is the address of ${taken[0]} already` }] : [];
}

export function backupRules(backup: unknown): Problem[] {
  const { copyTo, passphrase } = section(backup);
  if ((copyTo === undefined) === (passphrase === undefined)) return [];
  return [
    copyTo === undefined
      ? { path: "backup.passphrase", reason: "is for copies: say where to, with `copyTo`" }
      : {
          path: "backup.passphrase",
          reason: "is needed: a copy holds the cluster's keys and is only written encrypted",
        },
  ];
}

function section(value: unknown): Plain {
  return typeof value === "object" && value !== null ? (value as Plain) : {};
}
