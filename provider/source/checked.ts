// A local file's digest, taken once for all hosts of a run.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { LocalFile } from "../host/host";
import { UserError } from "../lib/errors";

const checked = new Map<string, Promise<void>>();

/** What a host gets is what the bundle's maker wrote. */
export function checkLocal({ path, sha256 }: LocalFile): Promise<void> {
  const key = `${sha256} ${path}`;
  const running = checked.get(key) ?? digestOf(path).then((found) => compare(path, sha256, found));
  checked.set(key, running);
  // A bundle that was made anew while this process lives is read anew.
  running.catch(() => checked.delete(key));
  return running;
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

function compare(path: string, wanted: string, found: string): void {
  if (found === wanted) return;
  throw new UserError(
    `${path} has digest ${found}, its index says ${wanted}`,
    "copy the bundle again, or make it anew",
  );
}
