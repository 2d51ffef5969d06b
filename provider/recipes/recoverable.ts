// What a recovery would be made of, brought to the host and looked at; nothing of the cluster is touched here.
import { randomBytes } from "node:crypto";
import { nodeAddress } from "../host/address";
import { gatherFacts } from "../host/facts";
import type { Host } from "../host/host";
import { readClaim } from "../host/journal";
import { revisionBump } from "../kubeadm/revisionBump";
import { RefusedError } from "../lib/errors";
import { observe } from "../steps/kubeadm/observe";
import { makeWork, type RecoverPlan } from "../steps/recover/context";
import type { FetchedBackup } from "../steps/recover/fetchBackup";
import { readSnapshot, type SnapshotContent } from "../steps/recover/readSnapshot";
import { etcdManifest } from "../steps/recover/survivor";
import { ofBackup, ofSurvivor, rebuilt, type Wish } from "./recoverySource";
import { refuseSecondCluster } from "./refuseSecondCluster";

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
  const configuration = backup?.clusterConfiguration ?? content.configMaps["kubeadm-config"]?.["ClusterConfiguration"];
  const alive = await refuseSecondCluster(host, { others, address, survivor: manifest !== undefined, configuration });
  const token = randomBytes(8).toString("hex");
  const plan: RecoverPlan = {
    format: 1,
    token: `recovered-${token}`,
    clusterId: claim.clusterId,
    node: claim.node,
    address,
    source: backup ? `backup ${backup.info.name} of ${backup.info.node}` : `the data of ${claim.node} itself`,
    revision: content.revision,
    bump: revisionBump(content.revision, Date.now()),
    dataDir,
    aside: await asideOf(host, dataDir, token),
    ...(manifest || !backup ? {} : { rebuild: await rebuilt(host, claim.node, address, { backup, content }) }),
    image,
  };
  return { plan, content, backup, others, alive };
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

async function ownAddress(host: Host, { address, connectedTo }: Wish): Promise<string> {
  return nodeAddress(host.label, await gatherFacts(host), address, connectedTo);
}

function hostOfUrl(url: string): string {
  return new URL(url).hostname.replace(/^\[|\]$/g, "");
}

/** On the same file system, so that the move is one rename. */
async function asideOf(host: Host, dataDir: string, token: string): Promise<string> {
  const { code } = await host.run(["mountpoint", "-q", dataDir], { ok: [0, 1, 32] });
  return code === 0 ? `${dataDir}/before-recovery-${token}` : `${dataDir}.before-recovery-${token}`;
}
