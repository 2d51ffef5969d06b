// Looks at a host the way `decide` wants it: one round trip, nothing is changed.
import { setTimeout as sleep } from "node:timers/promises";
import type { Host } from "../../host/host";
import { type Claim, claimPath, parseClaim } from "../../host/journal";
import { withHost } from "../../host/open";
import type { Target, Timeouts } from "../../kubeadm/spec";
import { AuthenticationError, HostKeyError, UnreachableError } from "../../lib/errors";
import type { Progress } from "../../lib/progress";
import { removedNodes } from "../node/removedNames";
import type { PeerView } from "./decide";

export interface HostView {
  claim: Claim | undefined;
  parts: string[];
  /** Its own API server answers /readyz. */
  ready: boolean;
  marker: string | undefined;
  uid: string | undefined;
  nodes: string[];
  /** Those of them that are control planes. */
  controlPlanes: string[];
  /** Names taken out without their host, and the machine-id that may have each now. */
  removed: Record<string, string>;
  /** SHA-256 of its copy of the cluster's CA certificate. */
  ca: string | undefined;
}

const parts = [
  "/etc/kubernetes/admin.conf",
  "/etc/kubernetes/kubelet.conf",
  "/etc/kubernetes/bootstrap-kubelet.conf",
  "/etc/kubernetes/manifests/kube-apiserver.yaml",
  "/etc/kubernetes/pki/ca.crt",
  "/var/lib/etcd/member",
];

// The own API server is asked by its own address: the endpoint may be answered by somebody else. Once it is ready, a question it
// does not answer is an error and never an empty answer: a missing marker would mean that the init did not end.
const script = `
for part in ${parts.join(" ")}; do if [ -e "$part" ]; then echo "part $part"; fi; done
ca=/etc/kubernetes/pki/ca.crt
if [ -e "$ca" ]; then echo "ca $(sha256sum "$ca" | cut -d' ' -f1)"; fi
if [ -e ${claimPath} ]; then printf 'claim '; tr -d '\\n' <${claimPath}; echo; fi
manifest=/etc/kubernetes/manifests/kube-apiserver.yaml
# An init that was killed before it bound the administrators' group left an admin.conf without any right.
conf=/etc/kubernetes/super-admin.conf
[ -e "$conf" ] || conf=/etc/kubernetes/admin.conf
[ -e "$manifest" ] && [ -e "$conf" ] || exit 0
own=$(sed -n 's|^ *kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint: *||p' "$manifest" | tr -d '"')
ask() {
  kubectl --kubeconfig "$conf" --server "https://$own" --cache-dir /run/pulumi-kubeadm/kubectl \\
    --request-timeout 10s "$@"
}
ready() { ask get --raw /readyz >/dev/null 2>&1; }
questions() {
  marker=$(ask -n kube-system get configmap pulumi-kubeadm --ignore-not-found -o 'jsonpath={.data.clusterId}') &&
  uid=$(ask get namespace kube-system -o 'jsonpath={.metadata.uid}') &&
  nodes=$(ask get nodes -o 'jsonpath={range .items[*]}node {.metadata.name}{"\\n"}{end}') &&
  masters=$(ask get nodes -l node-role.kubernetes.io/control-plane \\
    -o 'jsonpath={range .items[*]}control-plane {.metadata.name}{"\\n"}{end}') &&
  removed=$(ask -n kube-system get configmap ${removedNodes} --ignore-not-found \\
    -o 'go-template={{range $name, $machine := .data}}removed {{$name}}={{$machine}}{{"\\n"}}{{end}}') &&
  printf 'ready\\nmarker %s\\nuid %s\\n%s\\n%s\\n%s\\n' "$marker" "$uid" "$nodes" "$masters" "$removed"
}
for try in 1 2 3; do
  # It may stop being ready between the two, as when etcd has just lost its quorum.
  ready || exit 0
  if questions; then exit 0; fi
done
exit 1
`;

export async function observe(host: Host): Promise<HostView> {
  return parseView((await host.sh(script, [], { timeoutMs: 90_000 })).stdout);
}

export interface Settling {
  joined: boolean;
  patienceMs: number;
  /** The cluster has given this machine up: it never comes up again. */
  givenUp: () => boolean;
}

/** Patient with a machine that was just switched on: what belongs to a cluster gets its time to answer. */
export async function observeSettled(host: Host, { joined, patienceMs, givenUp }: Settling): Promise<HostView> {
  const over = Date.now() + patienceMs;
  for (;;) {
    const view = await observe(host);
    const mayComeUp = (joined || view.claim?.joined === true) && view.parts.includes("/var/lib/etcd/member");
    if (view.ready || !mayComeUp || givenUp() || Date.now() > over) return view;
    await sleep(2000);
  }
}

export function parseView(text: string): HostView {
  const values = (word: string): string[] =>
    text.split("\n").flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1).trim()] : []));
  const value = (word: string): string | undefined => values(word).find((found) => found !== "");
  return {
    claim: parseClaim(value("claim") ?? ""),
    parts: values("part"),
    ready: text.split("\n").includes("ready"),
    marker: value("marker"),
    uid: value("uid"),
    nodes: values("node"),
    controlPlanes: values("control-plane"),
    removed: Object.fromEntries(values("removed").map((entry) => splitOnce(entry))),
    ca: value("ca"),
  };
}

/** "c3=" and "c3=0123abcd": a name that nobody may have, and one that a certain machine may. */
function splitOnce(entry: string): [string, string] {
  const at = entry.indexOf("=");
  return [entry.slice(0, at), entry.slice(at + 1)];
}

export interface PeerOptions {
  clusterId: string;
  timeouts: Timeouts | undefined;
  progress: Progress;
}

export async function observePeer(name: string, target: Target, options: PeerOptions): Promise<PeerView> {
  const { timeouts, progress } = options;
  try {
    return await withHost({ name, target, timeouts, progress, exclusive: false }, async (host) =>
      peerView(await observe(host), options.clusterId),
    );
  } catch (error) {
    // Whoever cannot be asked has proven nothing; any other failure stays one.
    const unasked =
      error instanceof UnreachableError || error instanceof AuthenticationError || error instanceof HostKeyError;
    if (!unasked) throw error;
    return { kind: "unreachable", reason: error.message.split("\n")[0] ?? error.message };
  }
}

/** `complete` also holds for a cluster that lost its marker: the journal says that the host joined it. */
export function peerView(view: HostView, clusterId: string): PeerView {
  if (view.claim !== undefined && view.claim.clusterId !== clusterId) return { kind: "empty" };
  if (view.ready && view.marker !== undefined && view.marker !== clusterId)
    return { kind: "foreign", marker: view.marker };
  const { uid, removed, nodes } = view;
  if (view.ready && (view.marker === clusterId || view.claim?.joined)) return { kind: "living", uid, removed, nodes };
  if (view.ready) return { kind: "unfinished" };
  const held = view.parts.filter((part) => part !== "/etc/kubernetes/pki/ca.crt");
  if (view.claim?.joined && held.length === 0) return { kind: "down", parts: ["the journal's entry of having joined"] };
  return held.length > 0 ? { kind: "down", parts: held } : { kind: "empty" };
}
