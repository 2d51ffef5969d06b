import assert from "node:assert/strict";
import { test } from "node:test";
import { type MachineInputs, machine } from "../../../provider/handlers/machine";
import { UnreachableError } from "../../../provider/lib/errors";

// Port 1 of loopback: nobody is there, so whoever connects fails.
const inputs: MachineInputs = {
  name: "w1",
  connection: {
    host: "127.0.0.1",
    port: 1,
    user: "ops",
    password: "old",
    proxy: { host: "127.0.0.1", port: 1, password: "x" },
  },
  timeouts: { connect: 0.2 },
};
const blob = Buffer.concat([Buffer.from("\0\0\0\x0bssh-ed25519\0\0\0 "), Buffer.alloc(32)]);
const outputs = {
  hostKeys: { "127.0.0.1:1": `ssh-ed25519 ${blob.toString("base64")}` },
  machineId: "1".repeat(32),
  nodeAddress: "10.0.0.11",
  hostname: "w1",
};
const known = { id: "w1", inputs, outputs, converged: true };
const told: string[] = [];
const op = { progress: { say: () => {}, warn: (text: string) => told.push(text) } };

test("new credentials and deadlines need no connection", async () => {
  const connection = { ...inputs.connection, password: "new", user: "root", perDialTimeout: 3 };
  assert.deepEqual(await machine.update(op, known, { ...inputs, connection }), outputs);
});

test("another host, port, pin, jump host or address does", async () => {
  const others: MachineInputs[] = [
    { ...inputs, connection: { ...inputs.connection, host: "127.0.0.2" } },
    { ...inputs, connection: { ...inputs.connection, port: 2 } },
    { ...inputs, connection: { ...inputs.connection, hostKey: `SHA256:${"A".repeat(43)}` } },
    { ...inputs, connection: { ...inputs.connection, proxy: { host: "127.0.0.2", port: 1, password: "x" } } },
    { ...inputs, address: "10.0.0.12" },
  ];
  for (const other of others) await assert.rejects(machine.update(op, known, other), UnreachableError);
});

test("an update that failed is finished by the next one", async () => {
  await assert.rejects(machine.update(op, { ...known, converged: false }, inputs), UnreachableError);
});

test("a machine that cannot be reached is not gone", async () => {
  assert.deepEqual(await machine.read(op, known), { inputs, outputs });
  assert.equal(told.length, 1);
  assert.match(told[0] ?? "", /^not refreshed: .*cannot be reached/s);
});

test("delete asks nothing of the host", async () => {
  await machine.delete(op, known);
});
