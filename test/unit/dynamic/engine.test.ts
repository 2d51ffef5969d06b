import assert from "node:assert/strict";
import { test } from "node:test";
import { engineAddress } from "../../../provider/dynamic/engine";

test("the engine's address is the last argument of the process that Pulumi starts", () => {
  assert.equal(engineAddress(["node", "index.js", "127.0.0.1:43210"]), "127.0.0.1:43210");
  assert.equal(engineAddress(["node", "index.js", "--tracing", "x", "localhost:9"]), "localhost:9");
  assert.equal(engineAddress(["node", "index.js", "[::1]:9"]), "[::1]:9");
});

test("anywhere else there is no engine", () => {
  assert.equal(engineAddress(["node", "127.0.0.1:9"]), undefined);
  assert.equal(engineAddress(["node", "test.js", "dist/test/unit/dynamic"]), undefined);
  assert.equal(engineAddress(["node", "test.js", "http://127.0.0.1:9/x"]), undefined);
});
