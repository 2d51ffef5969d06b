import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { forgetSecrets, redact, rememberSecret } from "../../../provider/lib/redact";

beforeEach(forgetSecrets);

test("every known secret is cut out, wherever it stands", () => {
  rememberSecret("hunter22");
  rememberSecret(" spaced out ");
  assert.equal(redact("a hunter22, hunter22! spaced out"), "a [secret], [secret]! [secret]");
  assert.equal(redact("nothing here"), "nothing here");
});

test("a secret that holds another one is cut out whole", () => {
  rememberSecret("pass");
  rememberSecret("password!");
  assert.equal(redact("password! pass"), "[secret] [secret]");
});

test("each line of a key is known", () => {
  const line = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ";
  rememberSecret(`-----BEGIN OPENSSH PRIVATE KEY-----\n${line}\nshort\n-----END OPENSSH PRIVATE KEY-----\n`);
  assert.equal(redact(`bad key: ${line}`), "bad key: [secret]");
  assert.equal(redact("-----BEGIN OPENSSH PRIVATE KEY----- short"), "-----BEGIN OPENSSH PRIVATE KEY----- short");
});

test("what is too short to be a secret stays, and nothing is no secret", () => {
  rememberSecret("ab");
  rememberSecret("");
  rememberSecret(undefined);
  assert.equal(redact("abab"), "abab");
});
