import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { rememberSecrets } from "../../../provider/dynamic/secrets";
import { forgetSecrets, redact, redacted } from "../../../provider/lib/redact";

beforeEach(forgetSecrets);

test("secret fields are known by their names, at any depth", () => {
  rememberSecrets({
    target: {
      connection: {
        host: "10.0.0.11",
        password: "login-pass",
        proxy: { privateKey: "jump-key", proxy: { privateKeyPassword: "phrase" } },
      },
    },
    reach: { cp1: { connection: { sudo: { password: "sudo-pass" } } } },
    containerd: { registries: { "r.example": { username: "bob", password: "pull-pass", clientKey: "client-key" } } },
    list: [{ password: "in-a-list" }],
  });
  for (const secret of ["login-pass", "jump-key", "phrase", "sudo-pass", "pull-pass", "client-key", "in-a-list"]) {
    assert.equal(redact(`it said ${secret}!`), `it said ${redacted}!`);
  }
});

test("what is no secret stays readable", () => {
  rememberSecrets({
    connection: { host: "10.0.0.11", user: "ops", password: "login-pass" },
    labels: { pool: "general" },
  });
  assert.equal(redact("ops@10.0.0.11 pool general"), "ops@10.0.0.11 pool general");
});

test("a word too short to be told apart is not cut out of other words", () => {
  rememberSecrets({ password: "on" });
  assert.equal(redact("connection refused"), "connection refused");
});

test("lines of a key are cut out one by one", () => {
  const line = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ";
  rememberSecrets({ privateKey: `-----BEGIN OPENSSH PRIVATE KEY-----\n${line}\n-----END OPENSSH PRIVATE KEY-----\n` });
  assert.equal(redact(`cannot parse ${line}`), `cannot parse ${redacted}`);
});

test("nothing, numbers and nulls are passed over", () => {
  rememberSecrets({ password: null, privateKey: undefined, clientKey: 12345678 });
  assert.equal(redact("12345678 null undefined"), "12345678 null undefined");
});
