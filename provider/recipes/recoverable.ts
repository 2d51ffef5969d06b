// What a recovery would be made of, brought to the host and looked at; nothing of the cluster is touched here.
import { randomBytes } from "node:crypto";
import { nodeAddress } from "../host/address";
import { gatherFacts } from "../host/facts";
import type { Host } from "../host/host";
import { readClaim } from "../host/journal";
import { living, mayBeQuorum } from "../kubeadm/livingQuorum";
import { rebuiltDocuments, versionIn } from "../kubeadm/rebuilt";
import { RefusedError } from "../lib/errors";
import type { Progress } from "../lib/progress";
import { observe } from "../steps/kubeadm/observe";
import { makeWork, type RecoverPlan } from "../steps/recover/context";
import { takeEtcdPrograms } from "../steps/recover/etcdPrograms";
import { type BackupChoice, type FetchedBackup, fetchBackup } from "../steps/recover/fetchBackup";
import { answering } from "../steps/recover/others";
import { readSnapshot, type SnapshotContent } from "../steps/recover/readSnapshot";
import { etcdManifest, lookAtSurvivor, saveSurvivor } from "../steps/recover/survivor";

export interface Wish {
  /** Absent: the host's own data. */
  backup: BackupChoice | undefined;
  /** Absent: what we connect to, when the host owns it. */
  address: string | undefined;
  connectedTo: string;
  progress: Progress;
}

export interface Recoverable {
  plan: RecoverPlan;
  content: SnapshotContent;
  backup: FetchedBackup | undefined;
  /** Other control planes of the cluster, and those of them whose etcd still answers. */
  others: SnapshotContent["controlPlanes"];
  alive: string[];
}

export async function findRecoverable(host: Host, wish: Wish): Promise<Recoverable> {
  const { progress } = wish;
  progress.say(`looking at ${host.label}`);
  const [view, claim, manifest] = await Promise.all([observe(host), readClaim(host), etcdManifest(host)]);
  if (view.ready)
    throw new RefusedError(
      `${host.label}: its API server answers: the cluster has its quorum`,
      "take what is lost out of the program and run `pulumi up` (KUBEADM_ON_UNREACHABLE=remove); recover is for a quorum that is lost for good",
    );
  if (claim === undefined)
    throw new RefusedError(
      `${host.label}: was not prepared by a program`,
      "run `KUBEADM_RECOVER=prepare pulumi up` first: it prepares the host and stops; then run this again",
    );
  if (manifest === undefined && view.parts.length > 0)
    throw new RefusedError(
      `${host.label}: holds ${view.parts.join(", ")} and no etcd, so it is no control plane that can be recovered`,
      "run `kubeadm reset --force` on it, then recover onto it from a backup",
    );
  await makeWork(host);
  const { backup, image, dataDir } = manifest ? await ofSurvivor(host, manifest, wish) : await ofBackup(host, wish);
  progress.say(`reading the snapshot on ${host.label}`);
  const content = await readSnapshot(host);
  refuseForeign(host, [claim.clusterId, content.clusterId, backup?.info.clusterId]);
  const address = manifest ? hostOfUrl(manifest.peerUrl) : await ownAddress(host, wish);
  const others = content.controlPlanes.filter(
    ({ name, addresses }) => name !== claim.node && !addresses.includes(address),
  );
  const alive = await refuseQuorum(host, others, wish.backup === undefined);
  const token = randomBytes(8).toString("hex");
  const plan: RecoverPlan = {
    format: 1,
    token: `recovered-${token}`,
    clusterId: claim.clusterId,
    node: claim.node,
    address,
    source: backup ? `backup ${backup.info.name} of ${backup.info.node}` : `the data of ${claim.node} itself`,
    revision: content.revision,
    dataDir,
    aside: `${dataDir}.before-recovery-${token}`,
    ...(manifest || !backup ? {} : { rebuild: await rebuilt(host, claim.node, address, { backup, content }) }),
    image,
  };
  return { plan, content, backup, others, alive };
}

type Source = { image: string; dataDir: string; backup: FetchedBackup | undefined };

async function ofSurvivor(
  host: Host,
  manifest: { image: string; dataDir: string } & Parameters<typeof lookAtSurvivor>[1],
  wish: Wish,
): Promise<Source> {
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

async function ofBackup(host: Host, { backup: choice, progress }: Wish): Promise<Source> {
  if (choice === undefined)
    throw new RefusedError(`${host.label}: holds no data of a cluster`, "give a backup: --backup latest, NAME or FILE");
  progress.say(`bringing the backup to ${host.label}`);
  const backup = await fetchBackup(host, choice);
  await takeEtcdPrograms(host, backup.image);
  return { image: backup.image, dataDir: backup.dataDir, backup };
}

function refuseForeign(host: Host, ids: (string | undefined)[]): void {
  const [own, ...others] = ids.filter((id) => id !== undefined);
  const other = others.find((id) => id !== own);
  if (other !== undefined)
    throw new RefusedError(
      `${host.label} belongs to cluster ${own}, and this is of another one (${other})`,
      "take a backup of this cluster",
    );
}

async function refuseQuorum(host: Host, others: Recoverable["others"], survivor: boolean): Promise<string[]> {
  const answers = await answering(
    host,
    others.flatMap(({ addresses }) => addresses),
  );
  const quorum = mayBeQuorum({ known: others, answering: answers, survivor });
  if (quorum !== undefined)
    throw new RefusedError(
      `etcd answers on ${quorum.join(", ")}: together with what else is there that can be a quorum, and a recovery would make a second cluster`,
      "bring those back to health; if they are to be given up, switch them off first",
    );
  return living({ known: others, answering: answers });
}

async function ownAddress(host: Host, { address, connectedTo }: Wish): Promise<string> {
  return nodeAddress(host.label, await gatherFacts(host), address, connectedTo);
}

function hostOfUrl(url: string): string {
  return new URL(url).hostname.replace(/^\[|\]$/g, "");
}

/** Images and programs are the program's to bring: what runs after the recovery is the version that ran before it. */
async function rebuilt(
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
      `set kubernetesVersion to ${wanted} in the program and run \`pulumi up\`, which prepares the host with it`,
    );
  const kubeletConfiguration = content.configMaps["kubelet-config"]?.["kubelet"];
  const { clusterConfiguration } = backup;
  return rebuiltDocuments({ node, address, clusterConfiguration, kubeletConfiguration });
}
