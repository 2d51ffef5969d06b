// Requests and certificates for real, by openssl: what a control plane would be asked to approve for a node.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Kubectl } from "../../../provider/host/kubectl";
import type { KubeObject } from "../../../provider/host/kubeObject";
import { agentPaths, agentProgram } from "../../../provider/kubeadm/virtualKubelet/names";
import { certifyNodes, isCertified } from "../../../provider/steps/virtualKubelet/certifyNodes";
import {
  forgetRequests,
  refuseForeignRequests,
  signRequests,
} from "../../../provider/steps/virtualKubelet/clientRequests";
import { type Asked, fakeHost } from "../kubectl/fakeHost";
import { certificateRequest } from "../node/requests";
import { bareSurvey, contextOf, listOf, localHost, memoryHost } from "./support";

const directory = mkdtempSync(join(tmpdir(), "virtual-certificates-"));
after(() => rmSync(directory, { recursive: true }));
const file = (name: string): string => join(directory, name);
const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "pipe" });

function authority(name: string): string {
  const subject = ["-subj", "/CN=kubernetes", "-days", "30", "-nodes"];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-keyout", file(`${name}.key`)];
  openssl("req", "-x509", ...key, ...subject, "-out", file(`${name}.crt`));
  return readFileSync(file(`${name}.crt`), "utf8");
}

const pemOf = (request: string): string => Buffer.from(request, "base64").toString("utf8");

function signed(csr: string, by: string): string {
  writeFileSync(file("csr"), csr);
  const ca = ["-CA", file(`${by}.crt`), "-CAkey", file(`${by}.key`), "-CAcreateserial"];
  openssl("x509", "-req", "-in", file("csr"), ...ca, "-days", "10", "-out", file("crt"));
  return readFileSync(file("crt"), "utf8");
}

const ca = authority("ca");
authority("other");
const good = pemOf(certificateRequest({ commonName: "system:node:press-7", names: [] }));

const other = pemOf(certificateRequest({ commonName: "system:node:press-8", names: [] }));

test("requests that are the nodes' own are not objected to", async () => {
  await refuseForeignRequests(localHost(), [
    { node: "press-7", csr: good },
    { node: "press-8", csr: other },
  ]);
});

test("one foreign request among many is refused by its node's name, wherever it stands", async () => {
  const attempt = refuseForeignRequests(localHost(), [
    { node: "press-7", csr: good },
    { node: "press-9", csr: other },
  ]);
  await assert.rejects(attempt, /press-9 was not approved: its subject is .*press-8/);
});

const foreign: [string, string, RegExp][] = [
  ["another node", certificateRequest({ commonName: "system:node:w1", names: [] }), /its subject is .*w1/],
  [
    "more rights",
    certificateRequest({ commonName: "system:node:press-7", organization: "system:masters", names: [] }),
    /its subject is .*system:masters/,
  ],
  [
    "further names",
    certificateRequest({ commonName: "system:node:press-7", names: ["DNS.1 = kubernetes"] }),
    /further names/,
  ],
  ["nothing readable", Buffer.from("rubbish").toString("base64"), /signature is wrong/],
];
for (const [what, request, why] of foreign) {
  test(`a request for ${what} is refused`, async () => {
    const attempt = refuseForeignRequests(localHost(), [{ node: "press-7", csr: pemOf(request) }]);
    await assert.rejects(attempt, why);
  });
}

test("a certificate counts for its node, of this cluster's authority, and as long as it lasts", () => {
  const { certificates } = agentPaths("press-7");
  const pem = signed(good, "ca");
  const survey = { certificates: new Map([[certificates, pem]]) };
  assert.ok(isCertified(survey, certificates, ca, "press-7"));
  assert.ok(!isCertified(survey, certificates, ca, "press-8"));
  assert.ok(!isCertified(survey, `${certificates}/press-7-0`, ca, "press-7"));
  assert.ok(!isCertified(survey, certificates, ca, "press-7", Date.now() + 11 * 24 * 3600 * 1000));
  const strange = { certificates: new Map([[certificates, signed(good, "other")]]) };
  assert.ok(!isCertified(strange, certificates, ca, "press-7"));
});

/** An API that signs what was approved. */
function signer() {
  const requests = new Map<string, KubeObject>();
  const approved = new Set<string>();
  const answer = ({ argv, stdin = "" }: Asked) => {
    if (argv[0] === "apply") {
      const { items } = JSON.parse(stdin) as { items: KubeObject[] };
      for (const item of items) requests.set(item.metadata.name, item);
      return listOf(items);
    }
    if (argv[0] === "certificate") for (const name of argv.slice(2)) approved.add(name);
    if (argv[0] === "get" && argv[1] === "--raw")
      return { resources: [{ name: "certificatesigningrequests", kind: "CertificateSigningRequest" }] };
    if (argv[0] === "get")
      return listOf(
        [...requests.values()].map((item) => {
          const { request } = item.spec as { request: string };
          const certificate = Buffer.from(signed(pemOf(request), "ca")).toString("base64");
          return approved.has(item.metadata.name) ? { ...item, status: { certificate } } : item;
        }),
      );
    if (argv[0] === "delete") for (const name of argv.slice(2)) requests.delete(name);
    return "{}";
  };
  return { host: fakeHost(answer), requests, approved };
}

test("a request is submitted with the signer and usages of a kubelet's client certificate, and is gone when it is signed", async () => {
  const { host, requests } = signer();
  const certificates = await signRequests(new Kubectl(host), [{ node: "press-7", csr: good }], 5000);
  assert.match(certificates.get("press-7") ?? "", /BEGIN CERTIFICATE/);
  const sent = JSON.parse(host.asked.find(({ argv }) => argv[0] === "apply")?.stdin ?? "{}") as { items: KubeObject[] };
  assert.deepEqual(sent.items[0]?.spec, {
    request: Buffer.from(good).toString("base64"),
    signerName: "kubernetes.io/kube-apiserver-client-kubelet",
    usages: ["digital signature", "client auth"],
  });
  assert.equal(requests.size, 0);
});

test("the key stays on the machine: a request comes from it, and the certificate goes back by standard input", async () => {
  const { host: api } = signer();
  const machine = memoryHost(({ words }) => (words.includes("press-7") ? { stdout: good } : {}));
  const files = { ...contextOf().files, ca };
  const checks: string[] = [];
  const approver = {
    ...localHost(),
    sh: async (script: string, args: readonly string[] = [], options = {}) => {
      checks.push(args[0] ?? "");
      return localHost().sh(script, args, options);
    },
  };
  const context = contextOf({ host: machine, approver, kubectl: new Kubectl(api), files, survey: bareSurvey });
  assert.equal(certifyNodes.when?.(context), true);
  await certifyNodes.run(context);
  assert.deepEqual(checks, ["press-7"], "looked at before it was approved");
  const [ask, accept] = machine.told;
  assert.deepEqual(ask?.words.slice(1), [
    agentProgram(context.program.sha256),
    "press-7",
    agentPaths("press-7").certificates,
  ]);
  assert.match(accept?.words[0] ?? "", /accept-certificate/);
  assert.deepEqual(accept?.words.slice(1), [agentProgram(context.program.sha256), agentPaths("press-7").certificates]);
  assert.match(pemOf(accept?.stdin ?? ""), /BEGIN CERTIFICATE/);
  assert.equal(context.restart, true);
});

test("a node that has its certificate is not asked for another one", () => {
  const { certificates } = agentPaths("press-7");
  const survey = { ...bareSurvey, certificates: new Map([[certificates, signed(good, "ca")]]) };
  assert.equal(certifyNodes.when?.(contextOf({ survey, files: { ...contextOf().files, ca } })), false);
});

test("requests of a node that is gone are deleted, whoever made them, and those of others stay", async () => {
  const request = (name: string, username: string, labels: Record<string, string> = {}): KubeObject => ({
    apiVersion: "certificates.k8s.io/v1",
    kind: "CertificateSigningRequest",
    metadata: { name, labels },
    spec: { username },
  });
  const all = [
    request("first", "kubernetes-admin", { "pulumi-kubeadm/virtual-node": "press-7" }),
    request("serving", "system:node:press-7"),
    request("other", "system:node:w1"),
  ];
  const host = fakeHost(({ argv }) =>
    argv[1] === "--raw" && argv[0] === "get"
      ? { resources: [{ name: "certificatesigningrequests", kind: "CertificateSigningRequest" }] }
      : argv[0] === "get"
        ? listOf(all)
        : "{}",
  );
  await forgetRequests(new Kubectl(host), ["press-7"]);
  const deleted = host.asked.filter(({ argv }) => argv[0] === "delete").map(({ argv }) => argv.slice(-2));
  assert.deepEqual(deleted, [["first", "serving"]]);
});
