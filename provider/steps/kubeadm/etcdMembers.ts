// Members of a stacked etcd as etcdctl prints them, and whether one may leave. Pure.

export interface EtcdMember {
  /** Hexadecimal: as a JSON number it would lose digits. */
  id: string;
  name: string;
  started: boolean;
  peerUrls: string[];
  clientUrls: string[];
  learner: boolean;
}

/** "8e9e05c52164694d, started, cp1, https://10.0.0.1:2380, https://10.0.0.1:2379, false" per line. */
export function parseMembers(text: string): EtcdMember[] {
  return text.split("\n").flatMap((line) => {
    const [id, status, name = "", peers = "", clients = "", learner] = line.split(", ").map((field) => field.trim());
    if (!id || !/^[0-9a-f]+$/.test(id)) return [];
    const urls = (list: string) => list.split(",").filter((url) => url !== "");
    return [
      {
        id,
        name,
        started: status === "started",
        peerUrls: urls(peers),
        clientUrls: urls(clients),
        learner: learner === "true",
      },
    ];
  });
}

/** One that was never started has no name yet: its peer address tells whose it is. */
export function memberOf(members: readonly EtcdMember[], node: string, address: string): EtcdMember | undefined {
  const own = `https://${address.includes(":") ? `[${address}]` : address}:`;
  return members.find((member) => member.name === node || member.peerUrls.some((url) => url.startsWith(own)));
}

/** Why it must not leave; undefined when those that stay keep their quorum while it goes. */
export function mayNotLeave(
  members: readonly EtcdMember[],
  leaving: EtcdMember,
  healthy: ReadonlySet<string>,
): string | undefined {
  if (leaving.learner) return undefined;
  const staying = members.filter((member) => member.id !== leaving.id && !member.learner);
  if (staying.length === 0) return "it is the last member of etcd";
  const sick = staying.filter((member) => !member.clientUrls.some((url) => healthy.has(url)));
  if (sick.length === 0) return undefined;
  const names = sick.map((member) => member.name || member.id).join(", ");
  return `of the etcd members that would stay, ${names} ${sick.length === 1 ? "is" : "are"} not healthy`;
}
