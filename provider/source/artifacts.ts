// Upstream's release files: where each lies, what proves it and where its content goes on a host. Pure.
import type { Architecture } from "../host/os/os";

export interface ComponentVersions {
  kubernetes: string;
  containerd: string;
  runc: string;
  cniPlugins: string;
}

export interface Artifact {
  /** For messages: "kubelet 1.34.4". */
  readonly title: string;
  /** "<upstream host>/<upstream path>": in a mirror, in a bundle and in a host's record of what lies there. */
  readonly path: string;
  /** The checksum file beside it. */
  readonly checksum: string;
  /** A program, or an archive whose files go below a directory. */
  readonly kind: "program" | "archive";
  /** The program's path, or that directory. */
  readonly target: string;
}

export const programDirectory = "/usr/local/bin";
/** Programs of a version that a node does not run yet, in a directory by version; not below /var, which may be noexec. */
export const besideDirectory = "/usr/local/lib/pulumi-kubeadm";
export const pluginDirectory = "/opt/cni/bin";

export const kubernetesPrograms = ["kubeadm", "kubelet", "kubectl"] as const;

/** What the paths of all programs of a version begin with. */
export function kubernetesRelease(version: string): string {
  return `dl.k8s.io/release/v${version.replace(/^v/, "")}/`;
}

/** The version in the path of one of its artifacts. */
export function releaseOf(path: string): string {
  return path.split("/")[2]?.replace(/^v/, "") ?? "";
}

export function besideOf(version: string): string {
  return `${besideDirectory}/${version.replace(/^v/, "")}`;
}

export function kubernetesArtifacts(
  version: string,
  architecture: Architecture,
  directory: string = programDirectory,
): Artifact[] {
  return kubernetesPrograms.map((program) => {
    const path = `${kubernetesRelease(version)}bin/linux/${architecture}/${program}`;
    return {
      title: `${program} ${version}`,
      path,
      checksum: `${path}.sha256`,
      kind: "program",
      target: `${directory}/${program}`,
    };
  });
}

export function runcArtifact(version: string, architecture: Architecture): Artifact {
  const release = `github.com/opencontainers/runc/releases/download/v${version}`;
  return {
    title: `runc ${version}`,
    path: `${release}/runc.${architecture}`,
    checksum: `${release}/runc.sha256sum`,
    kind: "program",
    target: "/usr/local/sbin/runc",
  };
}

export function containerdArtifact(version: string, architecture: Architecture): Artifact {
  const path = `github.com/containerd/containerd/releases/download/v${version}/containerd-${version}-linux-${architecture}.tar.gz`;
  return { title: `containerd ${version}`, path, checksum: `${path}.sha256sum`, kind: "archive", target: "/usr/local" };
}

export function pluginsArtifact(version: string, architecture: Architecture): Artifact {
  const release = `github.com/containernetworking/plugins/releases/download/v${version}`;
  const path = `${release}/cni-plugins-linux-${architecture}-v${version}.tgz`;
  return {
    title: `CNI plugins ${version}`,
    path,
    checksum: `${path}.sha256`,
    kind: "archive",
    target: pluginDirectory,
  };
}

/** Everything a bundle holds for one architecture. */
export function allArtifacts(versions: ComponentVersions, architecture: Architecture): Artifact[] {
  return [
    ...kubernetesArtifacts(versions.kubernetes, architecture),
    runcArtifact(versions.runc, architecture),
    containerdArtifact(versions.containerd, architecture),
    pluginsArtifact(versions.cniPlugins, architecture),
  ];
}

/** From upstream's checksum files: a bare digest, or lines "<digest>  <file>" of several files. */
export function digestIn(checksums: string, path: string): string | undefined {
  const file = path.slice(path.lastIndexOf("/") + 1);
  const rows = checksums.split("\n").map((line) => /^([0-9a-f]{64})(?:\s+\*?(\S+))?\s*$/.exec(line.trim()));
  const named = rows.find((row) => row?.[2] !== undefined && (row[2] === file || row[2].endsWith(`/${file}`)));
  return named?.[1] ?? rows.find((row) => row?.[1] !== undefined && row[2] === undefined)?.[1];
}
