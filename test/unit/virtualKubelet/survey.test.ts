import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { agentPaths, agentProgram } from "../../../provider/kubeadm/virtualKubelet/names";
import { portsOf } from "../../../provider/steps/virtualKubelet/ports";
import { parseAgentSurvey, surveyScript } from "../../../provider/steps/virtualKubelet/survey";
import { bareSurvey, localHost } from "./support";

const printed = `machine=aarch64
systemd=yes
kubelet=yes
runtime=yes
owner=cluster-1
port=10302
healthPort=10402
listens=00000000:283E
listens=0100007F:0016
other=10300
other=10400
enabled=yes
file=${"a".repeat(64)}  /etc/pulumi-kubeadm/virtual-kubelet/press-7/node.yaml
file=${"b".repeat(64)}  ${agentProgram("b".repeat(64))}
certificate=/etc/pulumi-kubeadm/virtual-kubelet/press-7/pki
-----BEGIN CERTIFICATE-----
own
-----END CERTIFICATE-----
-----BEGIN CERTIFICATE-----
issuer
-----END CERTIFICATE-----
`;

test("what a machine prints of its agent is read", () => {
  const survey = parseAgentSurvey(printed);
  assert.deepEqual(
    [survey.architecture, survey.systemd, survey.controlPlane, survey.kubelet, survey.runtime, survey.owner],
    ["arm64", true, false, true, true, "cluster-1"],
  );
  assert.deepEqual([survey.port, survey.healthPort, survey.enabled, survey.active], [10302, 10402, true, false]);
  assert.deepEqual(
    [...survey.taken].sort((a, b) => a - b),
    [22, 10300, 10400],
    "0x283E is the agent's own",
  );
  assert.equal(survey.files.get(agentProgram("b".repeat(64))), "b".repeat(64));
  const { certificates } = agentPaths("press-7");
  assert.equal(survey.certificates.get(certificates), "-----BEGIN CERTIFICATE-----\nown\n-----END CERTIFICATE-----\n");
});

test("the script itself looks at files, keeps keys to itself, and sees who listens", async () => {
  const directory = mkdtempSync(join(tmpdir(), "agent-survey-"));
  const server = createServer().listen(0, "127.0.0.1");
  try {
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    mkdirSync(join(directory, "pki"));
    mkdirSync(join(directory, "credentials"));
    writeFileSync(join(directory, "owner"), "cluster-1\n");
    writeFileSync(join(directory, "node.yaml"), "port: 10300\nhealthPort: 10400\n");
    writeFileSync(join(directory, "credentials", "password"), "secret");
    const pem = (what: string) => `-----BEGIN ${what}-----\n${what}\n-----END ${what}-----\n`;
    writeFileSync(join(directory, "pki", "kubelet-client-current.pem"), pem("CERTIFICATE") + pem("EC PRIVATE KEY"));
    const args = [directory, "no-such-unit.service", join(directory, "no-unit"), join(directory, "owner")];
    const { stdout } = await localHost().sh(surveyScript, args);
    assert.doesNotMatch(stdout, /PRIVATE KEY|secret/);
    const survey = parseAgentSurvey(stdout);
    assert.deepEqual([survey.owner, survey.port, survey.healthPort], ["cluster-1", 10300, 10400]);
    assert.ok(survey.taken.has(port));
    assert.equal(survey.runtime, false, "a file is no socket");
    assert.deepEqual(
      [...survey.files.keys()].filter((path) => path.includes("/pki/")),
      [],
    );
    assert.ok(survey.files.has(join(directory, "credentials", "password")));
    assert.equal(survey.certificates.get(join(directory, "pki")), pem("CERTIFICATE"));
  } finally {
    server.close();
    rmSync(directory, { recursive: true });
  }
});

test("an agent listens where it is told, else where it has, else at the first port nobody has", () => {
  const taken = new Set([10300, 10301, 10400]);
  assert.deepEqual(portsOf("w1", {}, { ...bareSurvey, taken }), { port: 10302, healthPort: 10401 });
  const had = { ...bareSurvey, taken, port: 10307, healthPort: 10407 };
  assert.deepEqual(portsOf("w1", {}, had), { port: 10307, healthPort: 10407 });
  assert.deepEqual(portsOf("w1", { port: 9000 }, had), { port: 9000, healthPort: 10407 });
  assert.deepEqual(portsOf("w1", { healthPort: 10307 }, had), { port: 10302, healthPort: 10307 });
});

test("a port that somebody else has is refused, and so is a machine without a free one", () => {
  assert.throws(() => portsOf("w1", { port: 22 }, { ...bareSurvey, taken: new Set([22]) }), /w1: port 22 is taken/);
  const all = new Set(Array.from({ length: 100 }, (_, index) => 10300 + index));
  assert.throws(() => portsOf("w1", {}, { ...bareSurvey, taken: all }), /no port of 10300 to 10399 is free/);
});
