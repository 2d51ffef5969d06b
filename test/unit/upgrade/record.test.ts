import assert from "node:assert/strict";
import { test } from "node:test";
import { Kubectl } from "../../../provider/host/kubectl";
import { recordOf } from "../../../provider/steps/upgradeChecks/look";
import { type Answer, fakeHost, refused } from "../kubectl/fakeHost";

async function found(answer: Answer): Promise<boolean> {
  const host = fakeHost(() => answer);
  return (await recordOf({ host, name: "cp1", kubectl: new Kubectl(host, { patienceMs: 0 }) }, "c-1")) !== undefined;
}

const record = (clusterId: string) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "x" },
  data: { clusterId },
});

test("a cluster is ours when it says so", async () => {
  assert.equal(await found(record("c-1")), true);
  assert.equal(await found(record("c-2")), false);
  assert.equal(await found(""), false);
});

test("an init that was cut before the administrators got their rights is no cluster yet", async () => {
  assert.equal(await found(refused("Forbidden", 'User "kubernetes-admin" cannot get resource "configmaps"')), false);
});

test("any other refusal is an error", async () => {
  await assert.rejects(found(refused("InternalError")), /InternalError|no/);
});
