// age files (https://age-encryption.org/v1) with a passphrase: `age -d` opens them. Streams, so that a backup never lies here in the open.
import { createCipheriv, randomBytes, scrypt } from "node:crypto";
import { Readable, Writable } from "node:stream";
import type { ReadableStream as WebReadable, WritableStream as WebWritable } from "node:stream/web";

/** As a power of two: 128 MiB and half a second for each guess at a passphrase, and for each copy. */
const workFactor = 17;

export interface Through {
  /** What is to be encrypted. */
  into: Writable;
  /** What came of it. */
  out: Readable;
}

export async function encrypting(passphrase: string): Promise<Through> {
  const { Encrypter, Stanza } = await import("age-encryption");
  const encrypter = new Encrypter();
  encrypter.addRecipient({
    wrapFileKey: async (fileKey) => {
      const { args, body } = await wrap(fileKey, passphrase);
      return [new Stanza(args, body)];
    },
  });
  const pipe = new TransformStream<Uint8Array, Uint8Array>();
  const out = readable(await encrypter.encrypt(pipe.readable));
  return { into: Writable.fromWeb(pipe.writable as WebWritable<Uint8Array>), out };
}

/** Rejects when the passphrase is another one; what it gives fails where a byte was changed or is missing. */
export async function decrypting(file: Readable, passphrase: string): Promise<Readable> {
  const { Decrypter } = await import("age-encryption");
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  return readable(await decrypter.decrypt(Readable.toWeb(file) as ReadableStream<Uint8Array>));
}

/** age's scrypt recipient. The library's own holds up the whole process, every other node's work with it, for as long as scrypt takes. */
async function wrap(fileKey: Uint8Array, passphrase: string): Promise<{ args: string[]; body: Uint8Array }> {
  const salt = randomBytes(16);
  const key = await derived(passphrase, Buffer.concat([Buffer.from("age-encryption.org/v1/scrypt"), salt]));
  const cipher = createCipheriv("chacha20-poly1305", key, Buffer.alloc(12), { authTagLength: 16 });
  const body = Buffer.concat([cipher.update(fileKey), cipher.final(), cipher.getAuthTag()]);
  return { args: ["scrypt", salt.toString("base64").replace(/=+$/, ""), String(workFactor)], body };
}

function derived(passphrase: string, salt: Buffer): Promise<Buffer> {
  const cost = { N: 2 ** workFactor, r: 8, p: 1, maxmem: 256 * 2 ** workFactor * 8 };
  return new Promise((resolve, reject) => {
    scrypt(passphrase, salt, 32, cost, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

function readable(stream: ReadableStream<Uint8Array>): Readable {
  return Readable.fromWeb(stream as WebReadable<Uint8Array>);
}
