// A change of static pods that is proven, or taken back: the new processes run and answer, or the old manifests are put back.
import { setTimeout as sleep } from "node:timers/promises";
import type { Host } from "../../host/host";
import { messageOf, UserError } from "../../lib/errors";
import type { Progress } from "../../lib/progress";
import { manifestPath, type Probe, probeOf, type StaticPod, samePod, staticPods } from "./staticPodManifest";
import { answers, processes, type Running, wantedPods } from "./staticPodState";

export { components } from "./staticPodManifest";

export interface Proof {
  host: Host;
  node: string;
  timeoutMs: number;
  progress: Progress;
}

export type Manifests = ReadonlyMap<StaticPod, string>;

/** `change` gets what is there and gives what shall be; what stays the same is not written. */
export async function changeStaticPods(
  proof: Proof,
  change: (former: Manifests) => Manifests | Promise<Manifests>,
): Promise<void> {
  const { host } = proof;
  const former = await readManifests(host);
  const before = await processes(host);
  const wanted = [...(await change(former))].filter(([pod, text]) => !samePod(text, former.get(pod) ?? ""));
  const changed = wanted.map(([pod]) => pod);
  for (const [pod, text] of wanted) await writeManifest(host, pod, text);
  try {
    // Also what was written by a run that ended before it had proven it.
    await proveStaticPods(proof, { changed, before });
  } catch (error) {
    if (changed.length === 0) throw error;
    for (const pod of changed) await putBack(host, pod, former.get(pod));
    throw new UserError(
      `${messageOf(error)}; the former manifests of ${changed.join(", ")} were put back`,
      "look at what `kubeadm.clusterConfiguration` and `files` say, and at /var/log/pods on the host",
      { cause: error },
    );
  }
}

export interface Since {
  /** Must be other pods than those of `before`. */
  changed?: readonly StaticPod[];
  before?: readonly Running[];
}

/**
 * Every static pod of the host runs as its manifest says and answers. The kubelet's own word on that comes up to half a minute late, so
 * it is only asked which pods it wants: the process that answers has to be of exactly that pod, and the only one of its kind.
 */
export async function proveStaticPods(proof: Proof, since: Since = {}): Promise<Running[]> {
  const { host, progress, timeoutMs } = proof;
  const { changed = [], before = [] } = since;
  const probes = probesOf(await readManifests(host));
  const over = Date.now() + timeoutMs;
  if (changed.length > 0) progress.say(`waiting for the changed ${changed.join(", ")} on ${host.label}`);
  for (;;) {
    const seen = await look(proof, probes);
    const open = [...probes.keys()].filter((name) => !isProven(name, seen, changed.includes(name) ? before : []));
    if (open.length === 0) return seen.running;
    if (Date.now() > over) {
      const silent = open.filter((name) => !seen.healthy.includes(name));
      throw new UserError(`${host.label}: ${(silent.length > 0 ? silent : open).join(", ")} did not become ready`);
    }
    await sleep(500);
  }
}

export interface Seen {
  running: readonly Running[];
  /** The same once more, after the questions. */
  still: readonly Running[];
  healthy: readonly StaticPod[];
  wanted: ReadonlyMap<string, string> | undefined;
}

export function isProven(name: StaticPod, seen: Seen, before: readonly Running[]): boolean {
  const [now, ...more] = seen.running.filter((process) => process.name === name);
  const still = seen.still.filter((process) => process.name === name);
  return (
    now !== undefined &&
    more.length === 0 &&
    still.length === 1 &&
    still[0]?.pid === now.pid &&
    seen.healthy.includes(name) &&
    seen.wanted?.get(name) === now.pod &&
    !before.some(({ pod }) => pod === now.pod)
  );
}

async function look(
  { host, node }: Proof,
  probes: ReadonlyMap<StaticPod, Probe>,
): Promise<Seen & { running: Running[] }> {
  const running = await processes(host);
  const asked = [...probes].map(async ([name, probe]) => ((await answers(host, name, probe)) ? [name] : []));
  const healthy = (await Promise.all(asked)).flat();
  const api = probes.get("kube-apiserver");
  const wanted = api && healthy.length === probes.size ? await wantedPods(host, node, api.server) : undefined;
  return { running, healthy, wanted, still: await processes(host) };
}

function probesOf(manifests: Manifests): ReadonlyMap<StaticPod, Probe> {
  const probes = [...manifests].map(([pod, text]) => [pod, probeOf(text)] as const);
  return new Map(probes.flatMap(([pod, probe]) => (probe ? [[pod, probe] as const] : [])));
}

export async function readManifests(host: Host): Promise<Manifests> {
  const texts = staticPods.map(
    async (pod) => [pod, (await host.readFile(manifestPath(pod)))?.toString("utf8")] as const,
  );
  return new Map(
    (await Promise.all(texts)).flatMap(([pod, text]) => (text === undefined ? [] : [[pod, text] as const])),
  );
}

async function putBack(host: Host, pod: StaticPod, former: string | undefined): Promise<void> {
  if (former === undefined) await host.run(["rm", "-f", manifestPath(pod)]);
  else await writeManifest(host, pod, former);
}

/** The kubelet reads every file in the directory but hidden ones: staged beside it, renamed into it. */
async function writeManifest(host: Host, pod: StaticPod, text: string): Promise<void> {
  const staged = `/etc/kubernetes/.${pod}.yaml`;
  await host.writeFile(staged, text, 0o600);
  await host.run(["mv", "-f", staged, manifestPath(pod)]);
}
