import assert from "node:assert/strict";
import { test } from "node:test";
import { type HostInputs, host } from "../../../provider/handlers/host";
import { UnreachableError } from "../../../provider/lib/errors";
import { inputs as prepared } from "../prepare/inputs";

/** Nobody listens there. */
const connection = { host: "127.0.0.1", port: 1, user: "root", password: "x", dialErrorLimit: 1 };
const before: HostInputs = {
  ...prepared,
  kubernetesVersion: "1.33.13",
  target: { connection, hostKeys: {}, machineId: "m1", address: "10.0.0.1" },
  timeouts: { connect: 1 },
};
const known = (inputs: HostInputs, outputs: object = {}) => ({
  id: "c1/w1",
  inputs,
  outputs: { runtime: "2.1.6", bundled: {}, ...outputs },
  converged: true,
});
const warnings: string[] = [];
const op = { progress: { say: () => {}, warn: (text: string) => warnings.push(text) } };

test("a worker that is off misses an upgrade's preparation, and that is due again", async () => {
  const news = { ...before, kubernetesVersion: "1.34.4" };
  const outputs = await host.update(op, known(before), news);
  assert.deepEqual(outputs, { runtime: "2.1.6", bundled: {}, missed: true });
  assert.match(warnings.join(), /w1 got nothing of 1\.34\.4/);
  assert.match(host.due?.(known(news, outputs), news, 0) ?? "", /w1 did not answer/);
  assert.equal(host.due?.(known(news), news, 0), undefined);
  assert.equal((await host.update(op, known(news, outputs), news)).missed, true);
});

test("any other change of a host that is off fails, and so does a control plane's", async () => {
  await assert.rejects(host.update(op, known(before), { ...before, swap: "allow" }), UnreachableError);
  const controlPlane = { ...before, roles: { controlPlane: true, worker: false } };
  const news = { ...controlPlane, kubernetesVersion: "1.34.4" };
  await assert.rejects(host.update(op, known(controlPlane), news), UnreachableError);
});
