// age files (https://age-encryption.org/v1) with a passphrase: `age -d` opens them. Streams, so that a backup never lies here in the open.
import { Readable, Writable } from "node:stream";
import type { ReadableStream as WebReadable, WritableStream as WebWritable } from "node:stream/web";

/** 128 MiB and about a second for each guess at a passphrase, and for each copy. */
const workFactor = 17;

export interface Through {
  /** What is to be encrypted or decrypted. */
  into: Writable;
  /** What came of it. */
  out: Readable;
}

export async function encrypting(passphrase: string): Promise<Through> {
  const { Encrypter } = await import("age-encryption");
  const encrypter = new Encrypter();
  encrypter.setScryptWorkFactor(workFactor);
  encrypter.setPassphrase(passphrase);
  return through((bytes) => encrypter.encrypt(bytes));
}

/** Rejects when the passphrase is another one; `out` fails when a byte was changed or is missing. */
export async function decrypting(file: Readable, passphrase: string): Promise<Readable> {
  const { Decrypter } = await import("age-encryption");
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  return readable(await decrypter.decrypt(Readable.toWeb(file) as ReadableStream<Uint8Array>));
}

async function through(
  work: (bytes: ReadableStream<Uint8Array>) => Promise<ReadableStream<Uint8Array>>,
): Promise<Through> {
  const pipe = new TransformStream<Uint8Array, Uint8Array>();
  const out = readable(await work(pipe.readable));
  return { into: Writable.fromWeb(pipe.writable as WebWritable<Uint8Array>), out };
}

function readable(stream: ReadableStream<Uint8Array>): Readable {
  return Readable.fromWeb(stream as WebReadable<Uint8Array>);
}
