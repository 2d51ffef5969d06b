// The approver's script for real: sh, openssl and awk, with a kubectl on PATH that serves what the API would.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { approverScript } from "../../../provider/steps/node/approver/script";
import { certificateRequest, kubeletRequest, type Request } from "./requests";

const record: Record<string, string> = {
  clusterId: "c",
  "node.w1": JSON.stringify({ addresses: ["10.0.0.21", "fd00::21"], machineId: "m1", role: "worker" }),
  "node.press-7": JSON.stringify({ addresses: ["10.0.0.21"], machineId: "m1", role: "virtual" }),
  "node.w2": JSON.stringify({ addresses: ["10.0.0.22"], machineId: "m2", role: "worker" }),
};

// Go's %q for what is in these tests is JSON's quoting; lists are printed as ["a" "b"].
function line({ name, username, groups, usages, request }: Request): string {
  const list = (items: string[]) => `[${items.map((item) => JSON.stringify(item)).join(" ")}]`;
  return [name, JSON.stringify(username), list(groups), list(usages), request].join("\t");
}

function approve(requests: Request[]): { approved: string[]; said: string } {
  const directory = mkdtempSync(join(tmpdir(), "approver-"));
  try {
    const put = (name: string, text: string, mode = 0o644) => writeFileSync(join(directory, name), text, { mode });
    put("list", requests.map((request) => `${line(request)}\n`).join(""));
    put("keys", `${Object.keys(record).join("\n")}\n`);
    for (const [key, value] of Object.entries(record)) put(`data.${key}`, value);
    put("approved", "");
    put("kubectl", fakeKubectl(directory), 0o755);
    put("approve", approverScript, 0o755);
    const env = { PATH: `${directory}:${process.env.PATH}`, TMPDIR: directory };
    const said = execFileSync("sh", [join(directory, "approve")], { env, encoding: "utf8" });
    return { approved: readFileSync(join(directory, "approved"), "utf8").split("\n").filter(Boolean), said };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function fakeKubectl(directory: string): string {
  return `#!/bin/sh
case "$*" in
*"get certificatesigningrequests"*) cat ${directory}/list ;;
*"get configmap"*"range "*) cat ${directory}/keys ;;
*"get configmap"*index*) key=\${*##*index .data \\"}; cat "${directory}/data.\${key%%\\"*}" ;;
*"certificate approve"*) for name; do :; done; echo "$name" >>${directory}/approved ;;
*) echo "unexpected: $*" >&2; exit 1 ;;
esac
`;
}

const good = certificateRequest();

test("approves what a recorded node asks for itself", () => {
  const ipv6 = certificateRequest({ names: ["DNS.1 = w1", "IP.1 = 10.0.0.21", "IP.2 = fd00:0::21"] });
  const { approved } = approve([
    kubeletRequest({ name: "a", request: good }),
    kubeletRequest({ name: "b", request: ipv6 }),
    kubeletRequest({ name: "c", request: good, usages: ["key encipherment", "digital signature", "server auth"] }),
    kubeletRequest({ name: "d", request: certificateRequest({ names: ["IP.1 = 10.0.0.21"] }) }),
    kubeletRequest({ name: "e", request: certificateRequest({ critical: true }) }),
  ]);
  assert.deepEqual(approved, ["a", "b", "c", "d", "e"]);
});

const asPress = { username: "system:node:press-7" };
const press = (...names: string[]) => certificateRequest({ commonName: "system:node:press-7", names });

test("approves a virtual node's request for its own name and its agent's address, and for nothing else", () => {
  const { approved, said } = approve([
    kubeletRequest({ ...asPress, name: "own", request: press("DNS.1 = press-7", "IP.1 = 10.0.0.21") }),
    kubeletRequest({ ...asPress, name: "worker", request: press("DNS.1 = w1", "IP.1 = 10.0.0.21") }),
    kubeletRequest({ ...asPress, name: "address", request: press("DNS.1 = press-7", "IP.1 = 10.0.9.7") }),
    kubeletRequest({ name: "of-worker", request: press("DNS.1 = press-7") }),
  ]);
  assert.deepEqual(approved, ["own"]);
  assert.match(said, /worker: it names something else than press-7/);
  assert.match(said, /of-worker: its subject is not that of node w1/);
});

const refused: [string, Request, RegExp][] = [
  [
    "another address",
    kubeletRequest({ request: certificateRequest({ names: ["DNS.1 = w1", "IP.1 = 10.0.0.22"] }) }),
    /something else/,
  ],
  [
    "another name",
    kubeletRequest({ request: certificateRequest({ names: ["DNS.1 = kubernetes"] }) }),
    /something else/,
  ],
  [
    "a mail address",
    kubeletRequest({ request: certificateRequest({ names: ["DNS.1 = w1", "email.1 = a@b.c"] }) }),
    /something else/,
  ],
  [
    "a URI",
    kubeletRequest({ request: certificateRequest({ names: ["DNS.1 = w1", "URI.1 = spiffe://x"] }) }),
    /something else/,
  ],
  [
    "no name",
    kubeletRequest({ request: certificateRequest({ names: [] }) }),
    /unreadable|names no host|something else/,
  ],
  ["another subject", kubeletRequest({ request: certificateRequest({ commonName: "system:node:w2" }) }), /subject/],
  [
    "another organization",
    kubeletRequest({ request: certificateRequest({ organization: "system:masters" }) }),
    /subject/,
  ],
  ["another node's request", kubeletRequest({ username: "system:node:w2", request: good }), /subject/],
  [
    "an unknown node",
    kubeletRequest({ username: "system:node:w9", request: certificateRequest({ commonName: "system:node:w9" }) }),
    /not in the list/,
  ],
  [
    "a prefix of a node's name",
    kubeletRequest({ username: "system:node:w", request: certificateRequest({ commonName: "system:node:w" }) }),
    /not in the list/,
  ],
  ["somebody who is no node", kubeletRequest({ username: "system:bootstrap:abcdef", request: good }), /not by a node/],
  ["a path in the name", kubeletRequest({ username: "system:node:../w1", request: good }), /not a node's name/],
  [
    "one group more",
    kubeletRequest({ groups: ["system:nodes", "system:authenticated", "system:masters"], request: good }),
    /groups/,
  ],
  ["one group less", kubeletRequest({ groups: ["system:authenticated"], request: good }), /groups/],
  [
    "client use",
    kubeletRequest({ usages: ["digital signature", "server auth", "client auth"], request: good }),
    /usages/,
  ],
  ["only client use", kubeletRequest({ usages: ["digital signature", "client auth"], request: good }), /usages/],
  ["rubbish", kubeletRequest({ request: Buffer.from("rubbish").toString("base64") }), /signature/],
];
for (const [what, request, why] of refused) {
  test(`leaves ${what} pending and says why`, () => {
    const { approved, said } = approve([request, kubeletRequest({ name: "good", request: good })]);
    assert.deepEqual(approved, ["good"]);
    assert.match(said, /left pending: csr-1: /);
    assert.match(said, why);
  });
}

function entry(tag: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag, value.length]), value]);
}

test("finds the address that a line end inside of a name hides from a reader of text", () => {
  const names = [entry(0x82, Buffer.from("w1, DNS:w1\n")), entry(0x87, Buffer.from([10, 9, 9, 9]))];
  const der = entry(0x30, Buffer.concat(names)).toString("hex");
  const { approved, said } = approve([kubeletRequest({ request: certificateRequest({ der }) })]);
  assert.deepEqual(approved, []);
  assert.match(said, /something else/);
});

test("the same names as bytes are approved", () => {
  const der = entry(0x30, Buffer.concat([entry(0x82, Buffer.from("w1")), entry(0x87, Buffer.from([10, 0, 0, 21]))]));
  const { approved } = approve([kubeletRequest({ request: certificateRequest({ der: der.toString("hex") }) })]);
  assert.deepEqual(approved, ["csr-1"]);
});

test("a length that does not fit is refused", () => {
  const der = Buffer.concat([entry(0x30, entry(0x82, Buffer.from("w1"))), Buffer.from("870400000000", "hex")]);
  const { approved } = approve([kubeletRequest({ request: certificateRequest({ der: der.toString("hex") }) })]);
  assert.deepEqual(approved, []);
});

test("a second list of names inside of an attribute is refused", () => {
  const challenge = "x:X509v3 Subject Alternative Name";
  const { approved } = approve([kubeletRequest({ request: certificateRequest({ challenge }) })]);
  assert.deepEqual(approved, []);
});

test("a changed signature is refused", () => {
  const pem = Buffer.from(good, "base64").toString();
  const body = pem.split("\n").filter((part) => part !== "" && !part.startsWith("-"));
  const der = Buffer.from(body.join(""), "base64");
  const last = der.length - 3;
  der[last] = (der[last] ?? 0) ^ 1;
  const changed = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString("base64").replaceAll(/(.{64})/g, "$1\n")}\n-----END CERTIFICATE REQUEST-----\n`;
  const { approved, said } = approve([kubeletRequest({ request: Buffer.from(changed).toString("base64") })]);
  assert.deepEqual(approved, []);
  assert.match(said, /signature is wrong/);
});
