// A backup brought to where a recovery works on it: one that lies on the host, or a file from the machine that runs the command.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { Readable } from "node:stream";
import type { Host } from "../../host/host";
import { parseEtcdManifest } from "../../kubeadm/etcdManifest";
import { RefusedError, UserError } from "../../lib/errors";
import { decrypting } from "../backup/ageFile";
import {
  archiveFile,
  type Backup,
  backupGlob,
  backupSchema,
  backupsDirectory,
  clusterConfigurationFile,
  etcdManifest,
  infoFile,
  snapshotFile,
} from "../backup/layout";
import { snapshotPath, unpackedDirectory, workDirectory } from "./context";

export interface FetchedBackup {
  info: Backup;
  /** Of the etcd it was taken from. */
  image: string;
  dataDir: string;
  clusterConfiguration: string;
}

interface BackupFile {
  /** A copy on this machine. */
  file: string;
  /** Asked only for one that is encrypted. */
  passphrase: () => Promise<string>;
}
/** `name`: "latest", or one that lies on the host. */
export type BackupChoice = { name: string } | BackupFile;

const archive = `${workDirectory}/${archiveFile}`;

const take = `
home=${backupsDirectory} name=$1
[ "$name" != latest ] || name=$(ls -1dr "$home"/${backupGlob} 2>/dev/null | head -n 1 | sed 's|.*/||')
if [ -z "$name" ] || [ ! -e "$home/$name/${archiveFile}" ]; then ls -1 "$home" 2>/dev/null | tail -n 20; exit 3; fi
size=$(sed -n 's/.*"size": \\([0-9]*\\).*/\\1/p' "$home/$name/${infoFile}")
[ "$size" = "$(stat -c %s "$home/$name/${archiveFile}")" ] || { echo "$name is damaged" >&2; exit 4; }
cp "$home/$name/${archiveFile}" ${archive}
`;

const unpack = `
umask 077
rm -rf ${unpackedDirectory}
mkdir ${unpackedDirectory}
tar -xpf ${archive} -C ${unpackedDirectory} --numeric-owner
mv ${unpackedDirectory}/${snapshotFile} ${snapshotPath}
rm -f ${archive}
`;

export async function fetchBackup(host: Host, choice: BackupChoice): Promise<FetchedBackup> {
  if ("name" in choice) await takeFromHost(host, choice.name);
  else await send(host, choice);
  const { code, stderr } = await host.sh(unpack, [], { ok: [0, 1, 2], timeoutMs: 300_000 });
  if (code !== 0) throw damaged(host, stderr.trim());
  const [info, configuration, manifest] = await Promise.all(
    [infoFile, clusterConfigurationFile, etcdManifest.slice(1)].map((path) =>
      host.readFile(`${unpackedDirectory}/${path}`),
    ),
  );
  if (!info || !configuration || !manifest) throw damaged(host, "it lacks a file that every backup has");
  const { image, dataDir } = parseEtcdManifest(manifest.toString("utf8"));
  return {
    info: backupSchema.parse(JSON.parse(info.toString("utf8"))),
    image,
    dataDir,
    clusterConfiguration: configuration.toString("utf8"),
  };
}

async function takeFromHost(host: Host, name: string): Promise<void> {
  const { code, stdout, stderr } = await host.sh(take, [name], { ok: [0, 3, 4], timeoutMs: 120_000 });
  if (code === 0) return;
  if (code === 4) throw damaged(host, stderr.trim());
  const there = stdout.trim().split("\n").join(", ");
  throw new RefusedError(
    `${host.label}: there is no backup ${name} in ${backupsDirectory}`,
    there === "" ? "give the copy off the hosts: --backup FILE" : `there are: ${there}`,
  );
}

async function send(host: Host, { file, passphrase }: BackupFile): Promise<void> {
  const stream = createReadStream(file);
  const content = (await isEncrypted(file)) ? await opened(file, stream, await passphrase()) : stream;
  const digest = createHash("sha256");
  const counted = (async function* () {
    for await (const chunk of content) {
      digest.update(chunk as Buffer);
      yield chunk as Buffer;
    }
  })();
  const sent = await host.sh(`umask 077; cat >${archive}; sha256sum <${archive} | cut -d' ' -f1`, [], {
    stdin: Readable.from(counted, { objectMode: false }),
    timeoutMs: 600_000,
  });
  if (sent.stdout.trim() !== digest.digest("hex"))
    throw new UserError(`${host.label}: the backup did not arrive as it was sent`, "run again");
}

/** What age writes begins with its name. */
async function isEncrypted(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(22), 0, 22, 0);
    return buffer.toString("latin1", 0, bytesRead) === "age-encryption.org/v1\n";
  } finally {
    await handle.close();
  }
}

async function opened(file: string, stream: Readable, passphrase: string): Promise<Readable> {
  try {
    return await decrypting(stream, passphrase);
  } catch (cause) {
    throw new RefusedError(
      `${file} cannot be decrypted: the passphrase is another one, or the file is damaged`,
      undefined,
      {
        cause,
      },
    );
  }
}

function damaged(host: Host, reason: string): RefusedError {
  return new RefusedError(`${host.label}: the backup is damaged: ${reason}`, "take an older one");
}
