// Static pods that mount one of the program's files: they see a new content only in a new pod. Pure.
import { type Document, parseDocument } from "yaml";

interface Volume {
  hostPath?: { path?: string };
}

const annotation = "pulumi-kubeadm/files";

export interface Marking {
  /** By path, of every file of the program. */
  digests: Readonly<Record<string, string>>;
  /** Those that changed. */
  due: readonly string[];
  /** The manifest before it was written anew: a mark it had stays. */
  former: string;
}

/** The manifest with the digests of the files it mounts, which makes the kubelet start a new pod; undefined when none is due. */
export function withFileDigests(manifest: string, { digests, due, former }: Marking): string | undefined {
  const document = parseDocument(manifest);
  const mounted = Object.keys(digests)
    .filter((path) => volumes(document).some((volume) => holdsPath(volume.hostPath?.path, path)))
    .sort();
  const marked = parseDocument(former).hasIn(["metadata", "annotations", annotation]);
  if (!marked && !mounted.some((path) => due.includes(path))) return undefined;
  const value = mounted.map((path) => `${path}=${digests[path]?.slice(0, 16)}`).join(",");
  document.setIn(["metadata", "annotations", annotation], value);
  return document.toString({ lineWidth: 0 });
}

function volumes(document: Document): Volume[] {
  const pod = document.toJS() as { spec?: { volumes?: Volume[] } };
  return pod.spec?.volumes ?? [];
}

function holdsPath(mount: string | undefined, path: string): boolean {
  return mount !== undefined && (mount === path || path.startsWith(mount.endsWith("/") ? mount : `${mount}/`));
}
