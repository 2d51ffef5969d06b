import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { test } from "node:test";
import { decrypting, encrypting } from "../../../provider/steps/backup/ageFile";

const passphrase = "correct horse battery staple";
const plain = Buffer.concat([Buffer.from("BEGIN PRIVATE KEY"), randomBytes(300_000)]);

async function encrypted(): Promise<Buffer> {
  const { into, out } = await encrypting(passphrase);
  const [file] = await Promise.all([
    buffer(out),
    pipeline(Readable.from([plain.subarray(0, 7), plain.subarray(7)]), into),
  ]);
  return file;
}

test("what is encrypted comes back whole, only with its passphrase, and never changed", async () => {
  const file = await encrypted();
  assert.ok(file.subarray(0, 40).toString().startsWith("age-encryption.org/v1\n-> scrypt "));
  assert.ok(!file.includes("PRIVATE KEY"));
  assert.ok((await buffer(await decrypting(Readable.from([file]), passphrase))).equals(plain));
  await assert.rejects(async () => buffer(await decrypting(Readable.from([file]), "another one")));
  const cut = file.subarray(0, file.length - 100);
  await assert.rejects(async () => buffer(await decrypting(Readable.from([cut]), passphrase)));
  const changed = Buffer.from(file);
  changed.writeUInt8(changed.readUInt8(changed.length - 50) ^ 1, changed.length - 50);
  await assert.rejects(async () => buffer(await decrypting(Readable.from([changed]), passphrase)));
});
