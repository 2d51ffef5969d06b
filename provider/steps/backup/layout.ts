// Where backups lie and what is in one. `npx pulumi-kubeadm recover` reads what is written here.
import { z } from "zod";
import { journalDirectory } from "../../host/journalScript";

/** On a control plane; each backup is a directory `<time>-<revision>` in it. */
export const backupsDirectory = `${journalDirectory}/backups`;
export const backupName = /^\d{8}T\d{6}Z-\d+$/;
/** For the shell: the same names, in the order of time. */
export const backupGlob = "[0-9]*T[0-9]*Z-[0-9]*";

/** Beside the archive in the directory, and without `tar` inside of it. */
export const infoFile = "backup.json";
export const archiveFile = "backup.tar";

/**
 * Names in the archive. Everything else in it lies under its path on the host: the PKI, etcd's manifest, and each file
 * that the API server is given from the host, the encryption configuration among them.
 */
export const snapshotFile = "snapshot.db";
export const clusterConfigurationFile = "kubeadm-config.yaml";
export const pkiDirectory = "/etc/kubernetes/pki";
export const etcdManifest = "/etc/kubernetes/manifests/etcd.yaml";

export const backupSchema = z.object({
  format: z.literal(1),
  /** "20261121T104218Z-3021" */
  name: z.string().regex(backupName),
  clusterId: z.string(),
  /** The control plane it was taken on. */
  node: z.string(),
  /** What it was taken before, e.g. "join of c2". */
  before: z.string(),
  kubernetesVersion: z.string(),
  etcdVersion: z.string(),
  /** As etcdutl says: the snapshot's revision, the CRC of its keys, their number, its bytes. */
  revision: z.number(),
  hash: z.number(),
  keys: z.number(),
  bytes: z.number(),
  /** Path of the API server's encryption configuration on the host, where it has one. */
  encryptionConfiguration: z.string().optional(),
  tar: z.object({ sha256: z.string(), size: z.number() }).optional(),
});
export type Backup = z.infer<typeof backupSchema>;
