import assert from "node:assert/strict";
import { test } from "node:test";
import { type PreflightInputs, preflight } from "../../../provider/handlers/preflight";
import type { LookedAt } from "../../../provider/host/lookAll";
import { AuthenticationError, UserError } from "../../../provider/lib/errors";
import { silent } from "../../../provider/lib/progress";
import { judge } from "../../../provider/preflight/judge";
import { fakeFacts } from "../host/fakeFacts";

// Port 1 of loopback: nobody is there, and nothing leaves this machine.
const nowhere = { host: "127.0.0.1", port: 1, user: "root", password: "x" };
const host = (machineId: string, address: string) => ({
  target: { connection: nowhere, hostKeys: {}, machineId, address },
  controlPlane: false,
});
const inputs: PreflightInputs = {
  clusterId: "c-1",
  kubernetesVersion: "1.34.4",
  hosts: { w1: host("1".repeat(32), "10.0.0.11"), w2: host("2".repeat(32), "10.0.0.12") },
  reach: {},
  timeouts: { connect: 0.2 },
};
const op = { progress: silent };
const passed = { w1: "1".repeat(32), w2: "2".repeat(32) };

test("hosts that cannot be reached are all in the one report", async () => {
  await assert.rejects(preflight.create(op, inputs), (error: Error) => {
    assert.match(error.message, /2 of 2 hosts.*w1 \(127\.0\.0\.1\).*Unreachable.*w2 \(127\.0\.0\.1\).*Unreachable/s);
    return true;
  });
});

test("hosts that passed are not looked at again, and one that left is forgotten", async () => {
  const known = { id: "x", inputs, outputs: { passed: { ...passed, w3: "3" } }, converged: true };
  assert.deepEqual(await preflight.update(op, known, inputs), { passed, established: true });
});

test("another machine under the same name is looked at", async () => {
  const known = { id: "x", inputs, outputs: { passed: { ...passed, w2: "another" } }, converged: true };
  await assert.rejects(preflight.update(op, known, inputs), /1 of 1 host;.*w2/s);
});

const look = (name: string, seen: LookedAt["seen"]): LookedAt => {
  const given = inputs.hosts[name];
  if (given === undefined) throw new RangeError(name);
  return { name, target: given.target, seen };
};
const w1 = fakeFacts({ machineId: passed.w1 });

test("a host that refuses us stands beside the others' problems", () => {
  const { failures } = judge(inputs, [
    look("w1", new AuthenticationError("no key fits", "give one")),
    look("w2", fakeFacts()),
  ]);
  const seen = failures.map(({ host: name, problems }) => [name, problems.map(({ check }) => check)]);
  assert.deepEqual(seen, [
    ["w1 (127.0.0.1)", ["Unreachable"]],
    ["w2 (127.0.0.1)", ["SameMachine", "Address"]],
  ]);
  assert.equal(failures[0]?.problems[0]?.text, "no key fits");
});

test("what else goes wrong while looking has a name of its own", () => {
  const { failures } = judge(inputs, [look("w1", new UserError("sudo wants a password", "give it"))]);
  assert.equal(failures[0]?.problems[0]?.check, "Facts");
});

test("hosts that passed earlier count as nodes", () => {
  const twin = { ...inputs, hosts: { ...inputs.hosts, w2: host(passed.w1, "10.0.0.12") } };
  const { failures } = judge(twin, [look("w1", w1)]);
  assert.deepEqual(
    failures[0]?.problems.map(({ check }) => check),
    ["UniqueMachineID"],
  );
});

test("waivers are the host's own, and warnings are no failures", () => {
  const first = { ...host(passed.w1, "10.0.0.11"), ignore: ["NumCPU"] };
  const waived = { ...inputs, hosts: { w1: first } };
  const verdict = judge(waived, [look("w1", { ...w1, cpus: 0, firewalls: ["ufw"] })]);
  assert.deepEqual(verdict.failures, []);
  assert.equal(verdict.warnings.length, 1);
  assert.match(verdict.warnings[0] ?? "", /^w1 \(127\.0\.0\.1\) has ufw switched on.*\(Firewall\): allow TCP 10250/);
});

test("swap: refuse is the default said aloud", () => {
  const swapping = { ...w1, swap: [{ device: "/dev/sda2", sizeMiB: 1 }] };
  const verdict = (swap: "refuse" | "off") =>
    judge({ ...inputs, hosts: { w1: { ...host(passed.w1, "10.0.0.11"), swap } } }, [look("w1", swapping)]);
  assert.equal(verdict("refuse").failures[0]?.problems[0]?.check, "Swap");
  assert.deepEqual(verdict("off").failures, []);
});
