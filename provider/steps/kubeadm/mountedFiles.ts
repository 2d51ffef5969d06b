// Static pods that mount one of the program's files: they see a new content only in a new pod. Pure.
import { parse } from "yaml";
import { withMark } from "./staticPodManifest";

interface Volume {
  hostPath?: { path?: string };
}

export interface Marking {
  /** By path, of every file of the program. */
  digests: Readonly<Record<string, string>>;
  /** Those that changed. */
  due: readonly string[];
}

/** The manifest with the digests of the files it mounts, which makes the kubelet start a new pod; as it was when none is due. */
export function withFileDigests(manifest: string, { digests, due }: Marking): string {
  const mounted = Object.keys(digests)
    .filter((path) => volumes(manifest).some((volume) => holdsPath(volume.hostPath?.path, path)))
    .sort();
  if (!mounted.some((path) => due.includes(path))) return manifest;
  return withMark(manifest, "files", mounted.map((path) => `${path}=${digests[path]?.slice(0, 16)}`).join(","));
}

function volumes(manifest: string): Volume[] {
  const pod = parse(manifest) as { spec?: { volumes?: Volume[] } };
  return pod.spec?.volumes ?? [];
}

function holdsPath(mount: string | undefined, path: string): boolean {
  return mount !== undefined && (mount === path || path.startsWith(mount.endsWith("/") ? mount : `${mount}/`));
}
