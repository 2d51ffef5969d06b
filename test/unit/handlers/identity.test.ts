import assert from "node:assert/strict";
import { test } from "node:test";
import { identity } from "../../../provider/handlers/identity";
import { withPort } from "../../../provider/lib/endpoint";
import { silent } from "../../../provider/lib/progress";

const op = { progress: silent };

test("an endpoint without a port gets 6443", () => {
  assert.equal(withPort("10.0.0.1"), "10.0.0.1:6443");
  assert.equal(withPort("api.example:8443"), "api.example:8443");
  assert.equal(withPort("fd00::1"), "[fd00::1]:6443");
  assert.equal(withPort("[fd00::1]"), "[fd00::1]:6443");
  assert.equal(withPort("[fd00::1]:8443"), "[fd00::1]:8443");
});

test("every cluster has an id of its own", async () => {
  const [a, b] = await Promise.all([1, 2].map(() => identity.create(op, { name: "c", endpoint: "10.0.0.1" })));
  assert.notEqual(a?.outputs.clusterId, b?.outputs.clusterId);
  assert.equal(a?.outputs.apiEndpoint, "10.0.0.1:6443");
});
