// What every step of the preparation compares with, read in one round trip.
import type { Host } from "../../host/host";
import { claimPath, type Journal, parseClaim, parseEntries } from "../../host/journal";
import { journalDirectory } from "../../host/journalScript";
import { pinLabel } from "../../host/undo/traces";
import { parseVersion } from "../../kubeadm/versions";
import { besideDirectory } from "../../source/artifacts";
import { restartDirectory } from "./restarts";

/** What the host should have, as far as the survey has to be asked for it. */
export interface Wanted {
  files: readonly string[];
  sysctls: readonly string[];
  modules: readonly string[];
  units: readonly string[];
}

export interface Placed {
  file: string;
  /** The artifact it came from: path in the source, and digest. */
  artifact: string;
  sha256: string;
  /** As we put it there, by size and time. */
  untouched: boolean;
}

export interface Survey {
  journal: Journal;
  /** Programs that we put there, each by the last time we did. */
  placed: Placed[];
  /** Versions whose programs wait beside those that run. */
  beside: string[];
  /** Units that have not taken over yet what was changed for them. */
  restarts: Set<string>;
  /** Digest and mode of the small files asked for that are there. */
  files: Map<string, { sha256: string; mode: string }>;
  sysctls: Map<string, string>;
  /** Modules asked for that are loaded or built in. */
  modules: Set<string>;
  units: Map<string, { enabled: boolean; active: boolean }>;
  /** References in the k8s.io namespace; undefined while no runtime answers. */
  images: Set<string> | undefined;
  /** Those of them that we keep from being cleaned away. */
  pinned: Set<string>;
  /** The runtime's version, as it says itself; undefined while it does not answer. */
  runtime: string | undefined;
  /** Anything that looks like a runtime somebody else installed. */
  runtimeProgram: string | undefined;
  staticHostname: string;
  downloader: "curl" | "wget" | undefined;
}

const mark = "@@ ";

/** Four lists in $1 to $4, blanks between the words. */
const script = `
export LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
section() { printf '\\n${mark}%s\\n' "$1"; }
section claim; cat ${claimPath} 2>/dev/null || true
section entries; cat ${journalDirectory}/journal.jsonl 2>/dev/null || true
section placed
if [ -e ${journalDirectory}/placed ]; then
  while IFS="$(printf '\\t')" read -r file artifact sha size time; do
    if [ "$(stat -c '%s %Y' "$file" 2>/dev/null)" = "$size $time" ]; then now=untouched; else now=changed; fi
    printf '%s\\t%s\\t%s\\t%s\\n' "$file" "$artifact" "$sha" "$now"
  done <${journalDirectory}/placed
fi
section beside; ls ${besideDirectory} 2>/dev/null || true
section restarts; ls ${restartDirectory} 2>/dev/null || true
section files
for path in $1; do if [ -f "$path" ]; then echo "$(sha256sum <"$path") $(stat -c %a "$path") $path"; fi; done
section sysctls
grep -sH '' $2 /dev/null | sed 's/:/\\t/' || true
section modules
builtin=/lib/modules/$(uname -r)/modules.builtin
for name in $3; do
  if [ -e "/sys/module/$name" ] || grep -qs "/$name\\.ko" "$builtin"; then echo "$name"; continue; fi
  case "$name" in
    overlay) grep -q overlay /proc/filesystems && echo overlay ;;
    br_netfilter) [ -e /proc/sys/net/bridge ] && echo br_netfilter ;;
    nf_conntrack) [ -e /proc/sys/net/netfilter ] && echo nf_conntrack ;;
  esac || true
done
section units
for unit in $4; do
  enabled=$(systemctl is-enabled "$unit" 2>/dev/null || true)
  active=$(systemctl is-active "$unit" 2>/dev/null || true)
  echo "$unit \${enabled:-none} \${active:-none}"
done
section runtime; timeout 10 ctr version 2>/dev/null | awk '/^Server/ { server = 1 } server && $1 == "Version:" { print $2; exit }' || true
section images; timeout 20 ctr --namespace k8s.io images ls -q 2>/dev/null || true
section pinned; timeout 20 ctr --namespace k8s.io images ls -q 'labels."${pinLabel}"==yes' 2>/dev/null || true
section program; command -v containerd || true
section hostname; cat /etc/hostname 2>/dev/null || uname -n
section downloader; command -v curl || command -v wget || true
`;

export async function takeSurvey(host: Host, wanted: Wanted): Promise<Survey> {
  const lists = [wanted.files, wanted.sysctls, wanted.modules, wanted.units].map((list) => list.join(" "));
  return parseSurvey((await host.sh(script, lists)).stdout);
}

export function parseSurvey(text: string): Survey {
  const sections = new Map<string, string>();
  for (const part of text.split(`\n${mark}`).slice(1)) {
    const end = part.indexOf("\n");
    sections.set(part.slice(0, end), part.slice(end + 1));
  }
  const section = (name: string) => sections.get(name) ?? "";
  const lines = (name: string) =>
    section(name)
      .split("\n")
      .filter((line) => line !== "");
  const runtime = lines("runtime")[0];
  const downloader = lines("downloader")[0];
  return {
    journal: { claim: parseClaim(section("claim")), entries: parseEntries(section("entries")) },
    placed: lines("placed").flatMap((line) => {
      const [file, artifact, sha256, now] = line.split("\t");
      return file && artifact && sha256 ? [{ file, artifact, sha256, untouched: now === "untouched" }] : [];
    }),
    // Other things of ours lie there too.
    beside: lines("beside").filter((name) => parseVersion(name) !== undefined),
    restarts: new Set(lines("restarts")),
    files: new Map(
      lines("files").flatMap((line) => {
        const [sha256, , mode, path] = line.split(/\s+/);
        return sha256 && mode && path ? [[path, { sha256, mode }] as const] : [];
      }),
    ),
    sysctls: new Map(
      lines("sysctls").map((line) => [line.split("\t", 1)[0] ?? "", line.slice(line.indexOf("\t") + 1)]),
    ),
    modules: new Set(lines("modules")),
    units: new Map(
      lines("units").map((line) => {
        const [unit = "", enabled = "", active = ""] = line.split(" ");
        return [unit, { enabled: enabled.startsWith("enabled"), active: active === "active" }];
      }),
    ),
    images: runtime === undefined ? undefined : new Set(lines("images")),
    pinned: new Set(lines("pinned")),
    runtime,
    runtimeProgram: lines("program")[0],
    staticHostname: lines("hostname")[0] ?? "",
    downloader: downloader === undefined ? undefined : downloader.endsWith("curl") ? "curl" : "wget",
  };
}
