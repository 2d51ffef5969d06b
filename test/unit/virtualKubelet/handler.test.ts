import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { Kubectl } from "../../../provider/host/kubectl";
import { handler } from "../../../provider/index";
import { agentFiles } from "../../../provider/kubeadm/virtualKubelet/documents";
import { agentPaths, agentProgram } from "../../../provider/kubeadm/virtualKubelet/names";
import { agentUnit } from "../../../provider/kubeadm/virtualKubelet/unit";
import { unknownValue } from "../../../provider/lib/unknown";
import { machineDrift, nodesDrift } from "../../../provider/recipes/surveyVirtual";
import { refuseMachine, refuseTaken } from "../../../provider/recipes/virtualRefusals";
import { virtualMeta } from "../../../provider/steps/virtualKubelet/giveVirtualMeta";
import { fakeHost } from "../kubectl/fakeHost";
import { bareSurvey, listOf, memoryHost, plan, target, virtualNode } from "./support";

const leaf = handler("VirtualKubelet");
const inputs = { ...plan } as Record<string, unknown>;
const state = { ...inputs, nodes: ["press-7"], agentPort: 10300, agentHealthPort: 10400, converged: true };

async function diffOf(changed: Record<string, unknown>) {
  return leaf.diff("id", state, { ...inputs, ...changed });
}

const device = { host: "10.0.9.7", user: "plc", privateKey: "the device's key", hostKey: "ssh-ed25519 AAAA" };

test("where it listens is no difference from not saying where it shall", async () => {
  assert.deepEqual(await diffOf({}), { changes: false, replaces: [], deleteBeforeReplace: false });
});

test("capacity, labels, taints, credentials and the agent itself change in place", async () => {
  const other = { ssh: { connection: { ...device, privateKey: "another key" } } };
  for (const changed of [
    { capacity: { cpu: "8", memory: "2Gi" } },
    { labels: {} },
    { taints: [{ key: "a", effect: "NoSchedule" }] },
    { provider: other },
    { agent: { version: "0.2.0" } },
    { endpoint: "10.0.0.10:8443" },
  ]) {
    const { changes, replaces } = await diffOf(changed);
    assert.deepEqual([changes, replaces], [true, []], JSON.stringify(changed));
  }
});

test("another device or another machine is another life: the former one ends first", async () => {
  const elsewhere = { ssh: { connection: { ...device, host: "10.0.9.8" } } };
  const found = await diffOf({ provider: elsewhere });
  assert.deepEqual([found.replaces, found.deleteBeforeReplace], [["provider"], true]);
  const connection = { host: "10.0.0.22" };
  const moved = await diffOf({ target: { ...target, connection, machineId: "machine-of-w2", address: "10.0.0.22" } });
  assert.deepEqual([moved.replaces, moved.deleteBeforeReplace], [["target"], true]);
});

test("a machine that was installed anew is the same one: the agent comes back to it", async () => {
  const { changes, replaces } = await diffOf({ target: { ...target, machineId: "new" } });
  assert.deepEqual([changes, replaces], [true, []]);
});

test("what a preview does not know yet replaces nothing", async () => {
  const { changes, replaces } = await diffOf({ provider: { ssh: { connection: { ...device, host: unknownValue } } } });
  assert.deepEqual([changes, replaces], [true, []]);
});

test("a node keeps its name, and has one provider", async () => {
  const { failures } = await leaf.check(inputs, { ...inputs, name: "press-8", provider: {} });
  const reasons = failures.map(({ reason }) => reason).sort();
  assert.match(reasons[0] ?? "", /^name cannot change in place/);
  assert.match(reasons[1] ?? "", /^provider: is exactly one of/);
});

test("another cluster's address holds no user: it is told on the Node object and in logs", async () => {
  const reasonsOf = async (server: string): Promise<string[]> => {
    const cluster = { server, username: "edge", password: "x" };
    const { failures } = await leaf.check(inputs, { ...inputs, provider: { cluster } });
    return failures.map(({ reason }) => reason);
  };
  for (const server of [
    "https://edge:the-password@proxy:6443",
    "https://edge@proxy/path",
    "https://:the-password@proxy",
  ]) {
    const [reason = "", ...more] = await reasonsOf(server);
    assert.match(reason, /^provider\.cluster\.server: .*`username` and `password`/);
    assert.doesNotMatch(reason, /the-password/);
    assert.deepEqual(more, []);
  }
  for (const server of ["https://proxy:6443", "https://proxy/a@b", "https://[fd00::1]:6443", unknownValue])
    assert.deepEqual(await reasonsOf(server), []);
});

test("a control plane, a system without systemd and another cluster's agent are refused", () => {
  const host = memoryHost();
  const refused = (survey: object, more: object = {}) =>
    assert.throws(() => refuseMachine(host, { ...plan, ...more }, { ...bareSurvey, ...survey }), /./);
  refuseMachine(host, plan, bareSurvey);
  refuseMachine(host, plan, { ...bareSurvey, owner: plan.clusterId });
  refused({ controlPlane: true });
  refused({}, { reach: { cp1: target } });
  refused({ systemd: false });
  refused({ owner: "cluster-2" });
  refused({ kubelet: true }, { provider: { cri: {} } });
  refused({ kubelet: false, runtime: false }, { provider: { cri: {} } });
});

async function takes(name: string, record: object, nodes: object[]): Promise<void> {
  const data = { clusterId: "cluster-1", ...record };
  const api = fakeHost(({ argv }) =>
    argv[1] === "configmaps"
      ? { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "pulumi-kubeadm" }, data }
      : listOf(nodes as never),
  );
  await refuseTaken({ kubectl: new Kubectl(api), host: api, name: "cp1" }, { ...plan, name }, [name]);
}

test("a node of somebody else is never taken over", async () => {
  const entry = (role: string) => ({ "node.w1": JSON.stringify({ addresses: [], machineId: "m", role }) });
  const stranger = { apiVersion: "v1", kind: "Node", metadata: { name: "w1", labels: {} } };
  await assert.rejects(takes("w1", entry("worker"), []), /w1 is a worker of the cluster/);
  await assert.rejects(takes("w1", {}, [stranger]), /has a node w1 already/);
  await takes("w1", entry("virtual"), [stranger]);
  await takes("w1", {}, []);
  const ours = { ...virtualNode("w1"), status: { nodeInfo: { machineID: target.machineId } } };
  await takes("w1", {}, [ours]);
});

const ports = { port: 10300, healthPort: 10400 };
const agentSha256 = "c".repeat(64);
const digest = (text: string) => createHash("sha256").update(text).digest("hex");

function healthy() {
  const files = agentFiles({ ...plan, ...ports, address: "10.0.0.21", ca: "whatever it is" });
  const unit = agentUnit({ name: "press-7", kind: "ssh", sha256: agentSha256 });
  const digests = [...files, unit].map(({ path, content }): [string, string] => [path, digest(content)]);
  return {
    ...bareSurvey,
    owner: plan.clusterId,
    active: true,
    enabled: true,
    files: new Map([...digests, [agentProgram(agentSha256), agentSha256]]),
  };
}

const known = { nodes: ["press-7"], ...ports, agentSha256 };

test("a machine that is as it was left has no drift, and each thing that differs is named", () => {
  assert.deepEqual(machineDrift(plan, known, healthy()), []);
  const survey = healthy();
  const { node } = agentPaths("press-7");
  survey.files.set(node, "changed");
  survey.files.set(agentProgram(agentSha256), "changed");
  const drift = machineDrift(plan, known, { ...survey, active: false });
  assert.deepEqual(drift, [
    "pulumi-virtual-kubelet@press-7.service does not run",
    `${agentProgram(agentSha256)} is missing or was changed`,
    `${node} is missing or was changed`,
  ]);
  assert.match(machineDrift(plan, known, bareSurvey)[0] ?? "", /no node agent of press-7/);
});

test("a state gives the fields of a program in another order, which is no drift", () => {
  const turned = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(turned);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([key, one]) => [key, turned(one)]),
    );
  };
  assert.deepEqual(machineDrift(turned(plan) as typeof plan, known, healthy()), []);
});

test("nodes that are gone, or whose labels or taints somebody changed, are named", () => {
  const { labels, taints, annotations } = virtualMeta(plan);
  const right = { ...virtualNode("press-7", "True", { labels }), spec: { taints } };
  right.metadata.annotations = annotations;
  assert.deepEqual(nodesDrift(plan, ["press-7"], [right]), []);
  assert.deepEqual(nodesDrift(plan, ["press-7"], []), ["press-7 is no node of the cluster"]);
  const changed = { ...virtualNode("press-7", "True", { labels: { ...labels, site: "x" } }), spec: {} };
  assert.deepEqual(nodesDrift(plan, ["press-7"], [changed]), ["the labels and taints of press-7 were changed"]);
});
