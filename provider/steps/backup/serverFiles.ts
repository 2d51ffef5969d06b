// Files on the host that the API server reads: without its encryption configuration a snapshot's secrets cannot be read, without the
// others the API server of a rebuilt control plane does not start. Pure.
import { parse } from "yaml";

interface Pod {
  spec?: {
    containers?: {
      name?: string;
      command?: string[];
      args?: string[];
      volumeMounts?: { name?: string; mountPath?: string }[];
    }[];
    volumes?: { name?: string; hostPath?: { path?: string; type?: string } }[];
  };
}

const flag = "--encryption-provider-config=";

export interface ServerFiles {
  /** undefined when the API server encrypts nothing. */
  encryption: string | undefined;
  /** With it, each once. */
  all: string[];
}

/** Of the static pod's manifest. */
export function serverFilesOf(manifest: string): ServerFiles {
  const { spec } = (parse(manifest) ?? {}) as Pod;
  const encryption = encryptionOf(spec);
  const single = (spec?.volumes ?? []).flatMap(({ hostPath }) =>
    hostPath?.type === "File" && hostPath.path !== undefined ? [hostPath.path] : [],
  );
  return { encryption, all: [...new Set([...(encryption === undefined ? [] : [encryption]), ...single])] };
}

function encryptionOf(spec: Pod["spec"]): string | undefined {
  const server = spec?.containers?.find(({ name }) => name === "kube-apiserver");
  const words = [...(server?.command ?? []), ...(server?.args ?? [])];
  const path = words.find((word) => word.startsWith(flag))?.slice(flag.length);
  if (path === undefined || path === "") return undefined;
  const mounts = (server?.volumeMounts ?? []).flatMap(({ name, mountPath = "" }) =>
    within(path, mountPath) ? [{ name, mountPath }] : [],
  );
  // The innermost mount is the one that the file is seen through.
  const mount = mounts.sort((a, b) => b.mountPath.length - a.mountPath.length)[0];
  const source = spec?.volumes?.find(({ name }) => name === mount?.name)?.hostPath?.path;
  if (mount === undefined || source === undefined) return path;
  return `${source.replace(/\/$/, "")}${path.slice(mount.mountPath.replace(/\/$/, "").length)}`;
}

function within(path: string, mount: string): boolean {
  return mount !== "" && (path === mount || path.startsWith(`${mount.replace(/\/$/, "")}/`));
}
