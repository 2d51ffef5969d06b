import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../tools/run";

export interface KeyPair {
  privateKey: string;
  publicKey: string;
}

/** A fresh key pair, kept nowhere. */
export async function newKey(): Promise<KeyPair> {
  const dir = mkdtempSync(join(tmpdir(), "key-"));
  try {
    const file = join(dir, "id");
    await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", file]);
    return { privateKey: readFileSync(file, "utf8"), publicKey: readFileSync(`${file}.pub`, "utf8").trim() };
  } finally {
    rmSync(dir, { recursive: true });
  }
}
