// Members of a stacked etcd, as etcdctl's JSON tells them. Pure.

export interface EtcdMember {
  /** Hexadecimal, as etcdctl takes it. */
  id: string;
  /** Empty until it was started once. */
  name: string;
  peerUrls: string[];
  clientUrls: string[];
  learner: boolean;
}

/** What one endpoint says of itself. */
export interface EndpointStatus {
  endpoint: string;
  memberId: string;
  leaderId: string;
  version: string;
  /** Bytes of the database's file. */
  size: number;
  raftIndex: string;
}

interface RawMember {
  ID: string;
  name?: string;
  peerURLs?: string[];
  clientURLs?: string[];
  isLearner?: boolean;
}

interface RawStatus {
  Endpoint: string;
  Status: { header: { member_id: string }; version: string; dbSize?: string; leader?: string; raftIndex?: string };
}

/** `etcdctl member list -w json` */
export function parseMembers(text: string): EtcdMember[] {
  const { members = [] } = exactJson(text) as { members?: RawMember[] };
  return members.map(({ ID, name = "", peerURLs = [], clientURLs = [], isLearner = false }) => ({
    id: hex(ID),
    name,
    peerUrls: peerURLs,
    clientUrls: clientURLs,
    learner: isLearner,
  }));
}

/** `etcdctl endpoint status --cluster -w json`; who did not answer is not in it. */
export function parseStatus(text: string): EndpointStatus[] {
  const list = (text.trim() === "" ? [] : exactJson(text)) as RawStatus[] | null;
  return (list ?? []).map(({ Endpoint, Status }) => ({
    endpoint: Endpoint,
    memberId: hex(Status.header.member_id),
    leaderId: hex(Status.leader ?? "0"),
    version: Status.version,
    size: Number(Status.dbSize ?? 0),
    raftIndex: Status.raftIndex ?? "0",
  }));
}

/** `etcdctl endpoint health --cluster -w json` */
export function parseHealth(text: string): Set<string> {
  const list = (text.trim() === "" ? [] : JSON.parse(text)) as { endpoint: string; health: boolean }[] | null;
  return new Set((list ?? []).flatMap(({ endpoint, health }) => (health ? [endpoint] : [])));
}

/** `etcdctl alarm list`: "memberID:10501334649042878790 alarm:NOSPACE" */
export function parseAlarms(text: string): { memberId: string; alarm: string }[] {
  return [...text.matchAll(/memberID:(\d+) +alarm:(\w+)/g)].map(([, id = "0", alarm = ""]) => ({
    memberId: hex(id),
    alarm,
  }));
}

/** One that was never started has no name yet: its peer address tells whose it is. */
export function isOf({ name, peerUrls }: EtcdMember, node: string, addresses: readonly string[]): boolean {
  if (name === node) return true;
  return addresses.some((address) => {
    const own = `https://${address.includes(":") ? `[${address}]` : address}:`;
    return peerUrls.some((url) => url.startsWith(own));
  });
}

export function memberOf(members: readonly EtcdMember[], node: string, address: string): EtcdMember | undefined {
  return members.find((member) => isOf(member, node, [address]));
}

/** "10.0.0.1" of "https://10.0.0.1:2380" */
export function addressOf({ peerUrls }: EtcdMember): string {
  const url = peerUrls[0];
  return url === undefined ? "an unknown address" : new URL(url).hostname.replace(/^\[|\]$/g, "");
}

export function titleOf(member: EtcdMember): string {
  return `${member.name || "a member without a name"} (${addressOf(member)}, ${member.id})`;
}

function hex(id: string): string {
  return BigInt(id).toString(16);
}

/** Ids and revisions have 64 bits: as JSON numbers they would lose digits, so they are read as text. */
function exactJson(text: string): unknown {
  return JSON.parse(text.replace(/("\w+":\s*)(-?\d+)(?=\s*[,}\]])/g, '$1"$2"'));
}
