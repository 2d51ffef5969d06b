// Where the snapshot of a recovery comes from: the host's own etcd, or a backup; and what an empty host needs beside it.
import type { Host } from "../host/host";
import type { EtcdManifest } from "../kubeadm/etcdManifest";
import { rebuiltDocuments, versionIn } from "../kubeadm/rebuilt";
import { RefusedError } from "../lib/errors";
import type { Progress } from "../lib/progress";
import { takeEtcdPrograms } from "../steps/recover/etcdPrograms";
import { type BackupChoice, type FetchedBackup, fetchBackup } from "../steps/recover/fetchBackup";
import type { SnapshotContent } from "../steps/recover/readSnapshot";
import { lookAtSurvivor, saveSurvivor } from "../steps/recover/survivor";

export interface Wish {
  /** Absent: the host's own data. */
  backup: BackupChoice | undefined;
  /** Absent: what we connect to, when the host owns it. */
  address: string | undefined;
  connectedTo: string;
  progress: Progress;
}

export type Source = { image: string; dataDir: string; backup: FetchedBackup | undefined };

export async function ofSurvivor(host: Host, manifest: EtcdManifest, wish: Wish): Promise<Source> {
  const { image, dataDir } = manifest;
  await takeEtcdPrograms(host, image);
  const survivor = await lookAtSurvivor(host, manifest);
  if (survivor.leader)
    throw new RefusedError(
      `${host.label}: its etcd follows a leader: the cluster has its quorum`,
      "look why the API server does not answer (/var/log/pods on the host); recover is for a quorum that is lost for good",
    );
  if (wish.backup !== undefined) return { image, dataDir, backup: await fetchBackup(host, wish.backup) };
  wish.progress.say(`taking a snapshot of what etcd on ${host.label} holds`);
  await saveSurvivor(host, survivor);
  return { image, dataDir, backup: undefined };
}

export async function ofBackup(host: Host, { backup: choice, progress }: Wish): Promise<Source> {
  if (choice === undefined)
    throw new RefusedError(`${host.label}: holds no data of a cluster`, "give a backup: --backup latest, NAME or FILE");
  progress.say(`bringing the backup to ${host.label}`);
  const backup = await fetchBackup(host, choice);
  await takeEtcdPrograms(host, backup.image);
  return { image: backup.image, dataDir: backup.dataDir, backup };
}

/** Images and programs are the program's to bring: what runs after the recovery is the version that ran before it. */
export async function rebuilt(
  host: Host,
  node: string,
  address: string,
  { backup, content }: { backup: FetchedBackup; content: SnapshotContent },
): Promise<string> {
  const wanted = versionIn(backup.clusterConfiguration);
  const there = (await host.run(["kubeadm", "version", "-o", "short"])).stdout.trim();
  if (there !== `v${wanted}`)
    throw new RefusedError(
      `${host.label}: has kubeadm ${there}, and the backup is of a cluster at v${wanted}`,
      `set kubernetesVersion to ${wanted} in the program and run \`KUBEADM_RECOVER=prepare pulumi up\`, which prepares the host with it`,
    );
  const kubeletConfiguration = content.configMaps["kubelet-config"]?.["kubelet"];
  const { clusterConfiguration } = backup;
  return rebuiltDocuments({ node, address, clusterConfiguration, kubeletConfiguration });
}
