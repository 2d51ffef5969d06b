// What a virtual node's arguments cannot be, each by its path; pure, and silent about what is not known yet.
import { isIP } from "node:net";
import { posix } from "node:path";
import { containsUnknown } from "../../lib/unknown";
import { annotationProblems, labelProblems, nodeNameProblems, taintProblems } from "../names";
import type { Problem } from "../problem";
import type { Taint } from "../spec";
import { kindOf, nodesOf, ownLabels } from "./names";
import { bytesOf, isQuantity } from "./quantity";
import { providerKinds } from "./spec";

type Plain = { readonly [key: string]: unknown };

export function virtualNodeProblems(path: string, args: Plain): Problem[] {
  const at = (field: string): string => (path === "" ? field : `${path}.${field}`);
  return [
    ...providerProblems(args["provider"], at("provider")),
    ...capacityProblems(args, at),
    ...metaProblems(args, at),
    ...addressProblems(args, at),
  ];
}

/** Every node that an agent is has to be called what a node may be called. */
export function virtualNameProblems(name: string, provider: unknown, path: string): Problem[] {
  const count = section(section(provider)["simulated"])["nodes"];
  const names = nodesOf(name, { simulated: typeof count === "number" ? { nodes: count } : {} });
  return [names[0], names.at(-1)]
    .filter((node, index, all) => node !== undefined && all.indexOf(node) === index)
    .flatMap((node) => nodeNameProblems(node ?? "", path));
}

export function providerProblems(value: unknown, path: string): Problem[] {
  if (containsUnknown(value) && typeof value !== "object") return [];
  const provider = section(value);
  const said = providerKinds.filter((kind) => provider[kind] !== undefined);
  // What is none of them the schema has named.
  if (said.length === 0 && Object.keys(provider).length > 0) return [];
  if (said.length !== 1) {
    const found = said.length === 0 ? "none is given" : `${said.join(" and ")} are given`;
    return [{ path, reason: `is exactly one of ${providerKinds.join(", ")}; ${found}` }];
  }
  return [
    ...sshProblems(section(provider["ssh"]), `${path}.ssh`),
    ...logProblems(section(provider["cri"])["logs"], `${path}.cri.logs`),
    ...remoteProblems(section(provider["cluster"]), `${path}.cluster`, provider["cluster"] !== undefined),
    ...simulatedProblems(section(provider["simulated"]), `${path}.simulated`),
  ];
}

function sshProblems({ connection, directory, logs }: Plain, path: string): Problem[] {
  const problems = connection === undefined ? [] : deviceProblems(section(connection), `${path}.connection`);
  if (typeof directory === "string" && !containsUnknown(directory) && !ownDirectory(directory))
    problems.push({ path: `${path}.directory`, reason: `"${directory}" is no directory of its own below the root` });
  return [...problems, ...logProblems(logs, `${path}.logs`)];
}

/** Below it a log is all turning of files. */
const leastLog = 4096;

function logProblems(logs: unknown, path: string): Problem[] {
  const { maxSize } = section(logs);
  if (typeof maxSize !== "string" || containsUnknown(maxSize)) return [];
  const bytes = bytesOf(maxSize);
  if (bytes === undefined) return [{ path: `${path}.maxSize`, reason: `"${maxSize}" is no quantity` }];
  return bytes < leastLog ? [{ path: `${path}.maxSize`, reason: `"${maxSize}" is less than 4Ki` }] : [];
}

/** As the agent takes it: emptied as a whole when the node leaves. */
function ownDirectory(directory: string): boolean {
  return posix.isAbsolute(directory) && !directory.includes("\n") && posix.resolve(directory) !== "/";
}

const hostKeyText = /^([a-z0-9@.-]+ [A-Za-z0-9+/]+=*|SHA256:[A-Za-z0-9+/]+=*)$/;

function deviceProblems(device: Plain, path: string): Problem[] {
  const { hostKey, proxy } = device;
  const credential = ["privateKey", "password"].some((field) => device[field] !== undefined);
  const problems: Problem[] = [];
  if (!credential)
    problems.push({
      path,
      reason: "needs `privateKey` or `password`: the machine that runs the agent has no key of yours",
    });
  if (device["privateKeyPassword"] !== undefined && device["privateKey"] === undefined)
    problems.push({ path: `${path}.privateKeyPassword`, reason: "is for `privateKey`" });
  if (typeof hostKey === "string" && !containsUnknown(hostKey) && !hostKeyText.test(hostKey))
    problems.push({
      path: `${path}.hostKey`,
      reason: 'is a line of known_hosts without the name ("ssh-ed25519 AAAA…") or a fingerprint ("SHA256:…")',
    });
  return [...problems, ...(proxy === undefined ? [] : deviceProblems(section(proxy), `${path}.proxy`))];
}

const ways =
  "`kubeconfig`, or `server` with one of `token`, `clientCertificate` and `clientKey`, `username` and `password`";

function remoteProblems(remote: Plain, path: string, given: boolean): Problem[] {
  if (!given) return [];
  const has = (field: string): boolean => remote[field] !== undefined;
  const single = ["server", "ca", "token", "clientCertificate", "clientKey", "username", "password"].filter(has);
  if (has("kubeconfig"))
    return single.map((field) => ({ path: `${path}.${field}`, reason: "is in `kubeconfig` already" }));
  if (!has("server")) return [{ path, reason: `needs a way there: ${ways}` }];
  const pairs = [
    ["clientCertificate", "clientKey"],
    ["username", "password"],
  ] as const;
  const halves = pairs.filter(([one, other]) => has(one) !== has(other));
  if (halves.length > 0)
    return halves.map(([one, other]) => ({ path, reason: `\`${one}\` and \`${other}\` go together` }));
  const credentials = [has("token"), ...pairs.map(([one]) => has(one))].filter(Boolean).length;
  const problems = credentials === 1 ? [] : [{ path, reason: `needs exactly one credential: ${ways}` }];
  if (has("context")) problems.push({ path: `${path}.context`, reason: "is for `kubeconfig`" });
  return problems;
}

function simulatedProblems({ nodes }: Plain, path: string): Problem[] {
  return nodes !== undefined && containsUnknown(nodes)
    ? [{ path: `${path}.nodes`, reason: "has to be a plain number: the nodes' names hang on it" }]
    : [];
}

function capacityProblems(args: Plain, at: (field: string) => string): Problem[] {
  const kind = kindOf(section(args["provider"]));
  const needed = kind === "cluster" || kind === "simulated" ? [] : ["cpu", "memory"];
  const capacity = section(args["capacity"]);
  const lacking = containsUnknown(args["capacity"])
    ? []
    : needed.filter((resource) => capacity[resource] === undefined);
  const missing = lacking.map((resource) => ({
    path: at(`capacity.${resource}`),
    reason: `is needed: nobody else knows what ${kind === undefined ? "the place" : `a place reached by ${kind}`} has`,
  }));
  const wrong = ["capacity", "allocatable"].flatMap((field) =>
    Object.entries(section(args[field]))
      .filter(([, value]) => !containsUnknown(value) && !isQuantity(String(value)))
      .map(([resource, value]) => ({ path: at(`${field}.${resource}`), reason: `"${String(value)}" is no quantity` })),
  );
  return [...(kind === undefined ? [] : missing), ...wrong];
}

function metaProblems(args: Plain, at: (field: string) => string): Problem[] {
  const of = <T>(field: string, none: T): T =>
    args[field] === undefined || containsUnknown(args[field]) ? none : (args[field] as T);
  const labels = of<Record<string, string>>("labels", {});
  return [
    ...labelProblems(labels, at("labels")),
    ...Object.keys(ownLabels)
      .filter((key) => labels[key] !== undefined)
      .map((key) => ({ path: at("labels"), reason: `"${key}" is set by the node agent itself` })),
    ...taintProblems(of<Taint[]>("taints", []), at("taints")),
    ...annotationProblems(of<Record<string, string>>("annotations", {}), at("annotations")),
  ];
}

function addressProblems(args: Plain, at: (field: string) => string): Problem[] {
  const { address, port, healthPort } = args;
  const problems: Problem[] = [];
  if (typeof address === "string" && !containsUnknown(address) && isIP(address) === 0)
    problems.push({ path: at("address"), reason: `"${address}" is no IP address` });
  if (typeof port === "number" && port === healthPort)
    problems.push({ path: at("healthPort"), reason: "has to be another port than `port`" });
  return problems;
}

function section(value: unknown): Plain {
  return typeof value === "object" && value !== null ? (value as Plain) : {};
}
