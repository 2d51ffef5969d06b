// Putting files onto a host in few round trips, each written into the host's journal before it replaces anything.
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { pack } from "tar-stream";
import type { Host, LocalFile } from "../host/host";
import { journalDirectory, journalLibrary } from "../host/journalScript";
import type { HostFile } from "../kubeadm/registries";
import type { Artifact } from "./artifacts";

export const stagingDirectory = `${journalDirectory}/staging`;

/** Steps run side by side, but two that number their backups at once would take each other's; no lock file stays behind. */
const oneAtATime = `
exec 8<"$state"
flock 8`;

/** Several files in one stream on standard input: registry credentials among them are in no argument. */
export async function placeFiles(host: Host, files: readonly HostFile[]): Promise<void> {
  if (files.length === 0) return;
  const archive = pack();
  for (const [index, { content }] of files.entries()) archive.entry({ name: String(index), mode: 0o600 }, content);
  archive.finalize();
  const script = `${journalLibrary}${oneAtATime}
umask 077
staged=${stagingDirectory}/files
rm -rf "$staged"
mkdir -p "$staged"
tar -x -f - -C "$staged" --no-same-owner
persist
number=0
for word in "$@"; do
  put "$staged/$number" "\${word#*:}" "\${word%%:*}"
  number=$((number + 1))
done
persist
rmdir "$staged"`;
  await host.sh(
    script,
    files.map(({ path, mode }) => `${mode.toString(8)}:${path}`),
    { stdin: Readable.from(archive, { objectMode: false }) },
  );
}

export interface StagedArtifact {
  artifact: Artifact;
  sha256: string;
  /** On the host. */
  path: string;
}

/**
 * The shell's half of the list of programs, for one script at a time. `now_placed FILE ARTIFACT DIGEST` writes down what lies there;
 * `drop_placed BEGINNING` forgets files by what their paths begin with.
 */
export const withPlaced = `${journalLibrary}${oneAtATime}
tab=$(printf '\\t')
drop_placed() {
  [ -e "$state/placed" ] || return 0
  awk -v begin="$1" 'index($0, begin) != 1' "$state/placed" >"$state/placed.new"
  mv "$state/placed.new" "$state/placed"
}
now_placed() {
  { awk -v begin="$1$tab" 'index($0, begin) != 1' "$state/placed" 2>/dev/null || true; printf '%s\\t%s\\t%s\\t%s\\n' "$1" "$2" "$3" "$(stat -c "%s$tab%Y" "$1")"; } >"$state/placed.new"
  mv "$state/placed.new" "$state/placed"
}
`;

const installScript = `${withPlaced}
install_program() {
  put "$1" "$2" 755
  now_placed "$2" "$artifact" "$digest"
}
install_archive() {
  rm -rf "$1.d"
  mkdir -p "$1.d"
  tar -xzf "$1" -C "$1.d" --no-same-owner
  (cd "$1.d" && find . -type f -perm -u+x) | while read -r name; do install_program "$1.d/\${name#./}" "$2/\${name#./}"; done
  rm -rf "$1" "$1.d"
}
while IFS="$tab" read -r kind staged target artifact digest; do
  "install_$kind" "$staged" "$target"
done
persist`;

/** Programs and the content of archives to their places, remembered with size and time so that a look suffices next time. */
export async function installArtifacts(
  host: Host,
  staged: readonly StagedArtifact[],
  timeoutMs: number,
): Promise<void> {
  if (staged.length === 0) return;
  const rows = staged.map(({ artifact, sha256, path }) =>
    [artifact.kind, path, artifact.target, artifact.path, sha256].join("\t"),
  );
  await host.sh(installScript, [], { stdin: `${rows.join("\n")}\n`, timeoutMs });
}

/** Many files of the bundle in one stream, checked by digest on the host; gives their paths there. */
export async function uploadMany(
  host: Host,
  files: readonly LocalFile[],
  directory: string,
  timeoutMs: number,
): Promise<string[]> {
  const named = files.map((file) => ({ ...file, name: file.path.slice(file.path.lastIndexOf("/") + 1) }));
  const archive = pack();
  const sums = named.map(({ sha256, name }) => `${sha256}  ${name}\n`).join("");
  const fill = async (): Promise<void> => {
    archive.entry({ name: "SHA256SUMS" }, sums);
    for (const { path, name, size } of named) {
      await new Promise<void>((resolve, reject) => {
        const entry = archive.entry({ name, size }, (error) => (error ? reject(error) : resolve()));
        createReadStream(path).on("error", reject).pipe(entry);
      });
    }
    archive.finalize();
  };
  const script = `rm -rf "$1"; mkdir -p "$1"; tar -x -f - -C "$1" --no-same-owner; cd "$1"; sha256sum --check --quiet SHA256SUMS; rm SHA256SUMS`;
  const sent = host.sh(script, [directory], { stdin: Readable.from(archive, { objectMode: false }), timeoutMs });
  // A file that cannot be read ends the stream with its error; without that the host would wait for the rest.
  const filled = fill().catch((error: Error) => {
    archive.destroy(error);
    throw error;
  });
  await Promise.all([sent, filled]);
  return named.map(({ name }) => `${directory}/${name}`);
}
