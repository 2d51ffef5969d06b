// An encrypted copy of a backup on the machine that runs Pulumi: read over SSH, encrypted on its way, and only then written.
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Host } from "../../host/host";
import { deadline, type Timeouts } from "../../kubeadm/spec";
import { UserError } from "../../lib/errors";
import type { Progress } from "../../lib/progress";
import { rememberSecret } from "../../lib/redact";
import { encrypting } from "./ageFile";
import { archiveFile, type Backup, backupsDirectory } from "./layout";

export interface CopyWish {
  copyTo?: string | undefined;
  passphrase?: string | undefined;
}

export interface CopyContext {
  plan: { timeouts?: Timeouts | undefined };
  progress: Progress;
}

/** `<copyTo>/<cluster's id>/<backup's name>.tar.age` */
export function copyPath(copyTo: string, { clusterId, name }: Backup): string {
  return join(resolve(copyTo), clusterId, `${name}.tar.age`);
}

export async function copyBackup(host: Host, backup: Backup, wish: CopyWish, context: CopyContext): Promise<void> {
  const { copyTo, passphrase } = wish;
  if (copyTo === undefined) return;
  if (passphrase === undefined)
    throw new UserError("backup.copyTo: copies are only made encrypted", "set backup.passphrase");
  rememberSecret(passphrase);
  const path = copyPath(copyTo, backup);
  context.progress.say(`copying backup ${backup.name} from ${host.label} to ${path}`);
  const partial = `${path}.partial`;
  await mkdir(join(path, ".."), { recursive: true, mode: 0o700 });
  await rm(partial, { force: true });
  try {
    await fetchEncrypted(host, backup, { partial, passphrase, timeoutMs: deadline(context.plan.timeouts, "transfer") });
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

interface Fetch {
  partial: string;
  passphrase: string;
  timeoutMs: number;
}

async function fetchEncrypted(host: Host, backup: Backup, { partial, passphrase, timeoutMs }: Fetch): Promise<void> {
  const { into, out } = await encrypting(passphrase);
  const digest = createHash("sha256");
  const seen = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      digest.update(chunk);
      done(null, chunk);
    },
  });
  const written = Promise.all([
    pipeline(seen, into),
    pipeline(out, createWriteStream(partial, { mode: 0o600, flags: "wx" })),
  ]);
  // Whoever awaits the command first must not leave this failure to nobody.
  written.catch(() => {});
  const archive = `${backupsDirectory}/${backup.name}/${archiveFile}`;
  try {
    await host.run(["cat", archive], { into: seen, timeoutMs });
  } catch (error) {
    seen.destroy();
    await written.catch(() => {});
    throw error;
  }
  seen.end();
  await written;
  if (digest.digest("hex") !== backup.tar?.sha256)
    throw new UserError(`${host.label}: ${archive} did not arrive as it lies there`, "run again");
  const file = await open(partial, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
