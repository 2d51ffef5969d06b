// Whether a control plane is adopted, resumed, initialised or joined. Pure: everything that was seen comes in, one answer goes out.
// Rule 4 lives here: a second cluster can only come from `init`, so every row that leads there is spelled out.
import { isLeftover, stillOther, type Testimony } from "./leftover";

/** What the host itself shows. */
export interface OwnView {
  /** The cluster its journal claims it for; undefined when it was never prepared. */
  claim: string | undefined;
  machineId?: string | undefined;
  /** The node it was before this program gave it another name. */
  was?: string | undefined;
  /** The state or the journal says that this node was part of the cluster once. */
  joined: boolean;
  /** Files of a control plane that are there, e.g. "/var/lib/etcd/member". */
  parts: readonly string[];
  /** Its own API server answers /readyz. */
  ready: boolean;
  /** The id in the cluster's marker; written at the very end of an init. */
  marker: string | undefined;
  /** UID of the kube-system namespace: which cluster this API really serves. */
  uid: string | undefined;
  nodes: readonly string[];
}

/** What another control plane of the program shows. */
export type PeerView =
  | { kind: "unreachable"; reason: string }
  /** proven to hold no part of this cluster */
  | { kind: "empty" }
  /** holds a part of this cluster and its API does not answer */
  | { kind: "down"; parts: readonly string[] }
  /** its API answers without the marker: an init that did not end */
  | { kind: "unfinished" }
  /** its API answers for another cluster's id */
  | { kind: "foreign"; marker: string }
  | ({ kind: "living"; uid: string | undefined } & Testimony);

export interface Observations {
  clusterId: string;
  name: string;
  own: OwnView;
  peers: Readonly<Record<string, PeerView>>;
}

export type Decision =
  | { action: "adopt" }
  | { action: "init"; reset: boolean }
  | { action: "join"; reset: boolean; via: string }
  | { action: "refuse"; reason: string; remedy: string };

export function decide(seen: Observations): Decision {
  return foreign(seen) ?? leftover(seen) ?? adopted(seen) ?? downAfterJoin(seen) ?? joining(seen) ?? starting(seen);
}

/** Anything that belongs to somebody else is left alone. */
function foreign({ clusterId, name, own }: Observations): Decision | undefined {
  if (own.claim !== undefined && own.claim !== clusterId)
    return refuse(`${name} was prepared for another cluster (${own.claim})`, "remove it from that cluster first");
  if (own.marker !== undefined && own.marker !== clusterId)
    return refuse(
      `${name} runs a control plane of another cluster (${own.marker})`,
      "remove it from that cluster first",
    );
  if (own.claim === undefined && own.parts.length > 0)
    return refuse(
      `${name} holds parts of a cluster that this program did not make (${own.parts.join(", ")})`,
      "run `kubeadm reset` on it if that cluster is no longer needed",
    );
  return undefined;
}

/**
 * Taken out without its host, and back. Its data is a copy of nothing any more, also where several that came back agree among
 * themselves: what counts is what the cluster that went on says.
 */
function leftover({ name, own, peers }: Observations): Decision | undefined {
  const via = living(peers).find(([, peer]) => isLeftover(peer, { name, was: own.was, machineId: own.machineId }));
  if (via) return { action: "join", reset: own.parts.length > 0, via: via[0] };
  if (own.was === undefined || own.parts.length === 0) return undefined;
  const { reason, remedy } = stillOther(name, own.was);
  return refuse(reason, remedy);
}

/** Its own API answers and the cluster is complete: the marker is there, or other nodes could only come after it. */
function adopted({ name, own, peers }: Observations): Decision | undefined {
  if (!own.ready) return undefined;
  const complete = own.marker !== undefined || own.joined || own.nodes.some((node) => node !== name);
  if (!complete) return undefined;
  const others = living(peers);
  const other = others.find(([, peer]) => peer.uid !== own.uid);
  if (other)
    return refuse(
      `${name} and ${other[0]} serve two different clusters under one id`,
      `look at both, keep one, and run \`kubeadm reset\` on the control planes of the other`,
    );
  // A join that was cut off when its API server answered and its kubelet had no certificate yet: the token for one has gone with it.
  if (!own.joined && others.length > 0 && !own.nodes.includes(name)) return undefined;
  return { action: "adopt" };
}

/** It was part of the cluster and still holds its data: never reset by guess, it may be the last copy. */
function downAfterJoin({ name, own }: Observations): Decision | undefined {
  if (!own.joined || own.ready || !own.parts.includes(etcdData)) return undefined;
  return refuse(
    `${name} is a control plane of this cluster, but its API server does not answer`,
    `look at \`systemctl status kubelet\` and /var/log/pods on ${name}, then run again`,
  );
}

/** A cluster lives: whatever this host holds is at most the rest of an own attempt. */
function joining({ own, peers }: Observations): Decision | undefined {
  const via = living(peers)[0];
  return via && { action: "join", reset: own.parts.length > 0, via: via[0] };
}

/** No living control plane anywhere: only a host that was never part of the cluster may start it, and only when nobody else can hold it. */
function starting({ name, own, peers }: Observations): Decision {
  if (own.joined)
    return refuse(
      `${name} was a control plane of this cluster and has lost it, and no other control plane answers`,
      "bring another control plane back; when they are lost for good, `npx pulumi-kubeadm recover` brings the cluster back onto this one; an existing cluster is never initialised again",
    );
  const doubtful = Object.entries(peers).filter(([, peer]) => peer.kind !== "empty");
  if (doubtful.length > 0)
    return refuse(
      `no cluster is started on ${name}, because another control plane may hold it already: ${doubtful.map(describe).join("; ")}`,
      "bring these hosts back, or take them out of the program",
    );
  return { action: "init", reset: own.parts.length > 0 };
}

export const etcdData = "/var/lib/etcd/member";

function living(peers: Observations["peers"]): [string, PeerView & { kind: "living" }][] {
  const found: [string, PeerView & { kind: "living" }][] = [];
  for (const [name, peer] of Object.entries(peers)) if (peer.kind === "living") found.push([name, peer]);
  return found;
}

function describe([name, peer]: [string, PeerView]): string {
  switch (peer.kind) {
    case "unreachable":
      return `${name} cannot be reached (${peer.reason})`;
    case "down":
      return `${name} holds ${peer.parts.join(", ")} and its API server does not answer`;
    case "unfinished":
      return `${name} holds a start of the cluster that did not end`;
    case "foreign":
      return `${name} serves another cluster (${peer.marker})`;
    default:
      return name;
  }
}

function refuse(reason: string, remedy: string): Decision {
  return { action: "refuse", reason, remedy };
}
