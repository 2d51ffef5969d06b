// A backup on a control plane: etcd's snapshot, checked, with what it takes to run a cluster from it. Only root reads it.
import type { Host } from "../../host/host";
import type { LivingControlPlane } from "../../host/reach";
import type { Backup as BackupWish, Timeouts } from "../../kubeadm/spec";
import { deadline } from "../../kubeadm/spec";
import { RefusedError, StepError, UserError } from "../../lib/errors";
import type { Progress } from "../../lib/progress";
import { copyBackup } from "./copyBackup";
import { type Backup, backupSchema, clusterConfigurationFile, infoFile } from "./layout";
import { noRoom, packScript, sealScript, snapshotScript } from "./scripts";
import { type ServerFiles, serverFilesOf } from "./serverFiles";

export interface BackupRequest {
  change: string;
  node: string;
  plan: {
    clusterId: string;
    kubernetesVersion: string;
    backup?: BackupWish | undefined;
    timeouts?: Timeouts | undefined;
  };
  progress: Progress;
  /** Version and bytes of the member's database. */
  etcd: { version: string; size: number };
}

export const keptBackups = 5;

/** A failure is an error: nothing that needs a backup goes on without one. */
export async function takeBackup(peer: LivingControlPlane, request: BackupRequest): Promise<Backup> {
  const { host } = peer;
  const { plan, progress } = request;
  try {
    progress.say(`taking a backup of etcd and the PKI on ${host.label}`);
    const backup = await onHost(peer, request);
    progress.say(`backup ${backup.name} lies on ${host.label} (${size(backup.bytes)}, ${backup.keys} keys)`);
    if (plan.backup?.copyTo !== undefined) await copyBackup(host, backup, plan.backup, request);
    return backup;
  } catch (error) {
    if (error instanceof RefusedError) throw error;
    throw StepError.of(host.label, "take a backup", error);
  }
}

async function onHost({ host, kubectl, name: node }: LivingControlPlane, request: BackupRequest): Promise<Backup> {
  const { plan } = request;
  const timeoutMs = deadline(plan.timeouts, "transfer");
  const [shot, configuration, manifest] = await Promise.all([
    host.sh(snapshotScript, [String(request.etcd.size), node], { timeoutMs, ok: [0, noRoom] }),
    kubectl.get({ type: "configmaps", name: "kubeadm-config", namespace: "kube-system" }),
    host.readFile("/etc/kubernetes/manifests/kube-apiserver.yaml"),
  ]);
  if (shot.code === noRoom)
    throw new RefusedError(
      `${host.label}: there is no room for a backup of etcd: ${shot.stderr.trim()}`,
      "free some space under /var/lib, or let `backup.keep` be smaller",
    );
  const files = serverFilesOf(manifest?.toString("utf8") ?? "");
  const info = infoOf(shot.stdout, { node, encryption: files.encryption, request });
  const text = (configuration?.data as Record<string, string> | undefined)?.["ClusterConfiguration"];
  if (text === undefined)
    throw new UserError(`${host.label}: ConfigMap kube-system/kubeadm-config holds no ClusterConfiguration`);
  try {
    return await packed(host, info, { text, files, request, timeoutMs });
  } catch (error) {
    await host.run(["rm", "-rf", info.directory]);
    throw error;
  }
}

interface Contents {
  /** Of kubeadm's ClusterConfiguration. */
  text: string;
  files: ServerFiles;
  request: BackupRequest;
  timeoutMs: number;
}

async function packed(
  host: Host,
  { directory, backup: bare }: { directory: string; backup: Backup },
  { text, files, request, timeoutMs }: Contents,
): Promise<Backup> {
  await Promise.all([
    host.writeFile(`${directory}/${infoFile}`, json(bare), 0o600),
    host.writeFile(`${directory}/${clusterConfigurationFile}`, text, 0o600),
  ]);
  const { stdout } = await host.sh(packScript, [directory, ...files.all], { timeoutMs });
  const [sha256 = "", bytes = "0"] = stdout.trim().split(" ");
  const backup: Backup = { ...bare, tar: { sha256, size: Number(bytes) } };
  await host.writeFile(`${directory}/${infoFile}`, json(backup), 0o600);
  const keep = request.plan.backup?.keep ?? keptBackups;
  await host.sh(sealScript, [directory, backup.name, String(keep)], { timeoutMs });
  return backup;
}

interface About {
  node: string;
  encryption: string | undefined;
  request: BackupRequest;
}

/** What the snapshot's script printed: its directory, the time, and etcdutl's JSON. */
function infoOf(printed: string, { node, encryption, request }: About): { directory: string; backup: Backup } {
  const { plan, change, etcd } = request;
  const [directory = "", time = "", status = ""] = printed.trim().split("\n");
  const { hash, revision, totalKey, totalSize } = JSON.parse(status) as Record<string, number>;
  const backup = backupSchema.parse({
    format: 1,
    name: `${time}-${revision}`,
    clusterId: plan.clusterId,
    node,
    before: `${change} of ${request.node}`,
    kubernetesVersion: plan.kubernetesVersion,
    etcdVersion: etcd.version,
    revision,
    hash,
    keys: totalKey,
    bytes: totalSize,
    ...(encryption === undefined ? {} : { encryptionConfiguration: encryption }),
  });
  return { directory, backup };
}

function json(backup: Backup): string {
  return `${JSON.stringify(backup, undefined, 2)}\n`;
}

function size(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
