// The static pod of a stacked etcd: what it says of its member, and how it looks with that member alone. Pure.
import { parseDocument } from "yaml";

export interface EtcdManifest {
  image: string;
  /** The member's name: the node's. */
  name: string;
  dataDir: string;
  peerUrl: string;
  clientUrl: string;
}

interface Pod {
  spec?: { containers?: { name?: string; image?: string; command?: string[] }[] };
}

/** Throws RangeError for what is no static pod of kubeadm's etcd. */
export function parseEtcdManifest(text: string): EtcdManifest {
  const container = (parseDocument(text).toJS() as Pod).spec?.containers?.find(({ name }) => name === "etcd");
  const flag = (name: string): string => {
    const found = container?.command?.find((word) => word.startsWith(`--${name}=`));
    if (found === undefined) throw new RangeError(`the static pod of etcd has no --${name}`);
    return found.slice(name.length + 3);
  };
  if (container?.image === undefined) throw new RangeError("the static pod of etcd names no image");
  return {
    image: container.image,
    name: flag("name"),
    dataDir: flag("data-dir"),
    peerUrl: flag("initial-advertise-peer-urls"),
    clientUrl: flag("advertise-client-urls"),
  };
}

/** Of a cluster of one: whoever reads the flags later shall not look for members that are lost. */
export function aloneInManifest(text: string): string {
  const { name, peerUrl } = parseEtcdManifest(text);
  const document = parseDocument(text);
  const pod = document.toJS() as Pod;
  const index = pod.spec?.containers?.findIndex((container) => container.name === "etcd") ?? 0;
  const command = pod.spec?.containers?.[index]?.command ?? [];
  const kept = command.filter((word) => !word.startsWith("--initial-cluster-state="));
  const alone = kept.map((word) =>
    word.startsWith("--initial-cluster=") ? `--initial-cluster=${name}=${peerUrl}` : word,
  );
  document.setIn(["spec", "containers", index, "command"], alone);
  return document.toString({ lineWidth: 0 });
}
