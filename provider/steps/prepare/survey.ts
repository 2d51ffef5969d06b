// What every step of the preparation compares with, read in one round trip.
import type { Host } from "../../host/host";
import { type Journal, parseClaim, parseEntries } from "../../host/journal";
import { parseVersion } from "../../kubeadm/versions";
import { mark, surveyScript } from "./surveyScript";

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

export async function takeSurvey(host: Host, wanted: Wanted): Promise<Survey> {
  const lists = [wanted.files, wanted.sysctls, wanted.modules, wanted.units].map((list) => list.join(" "));
  return parseSurvey((await host.sh(surveyScript, lists)).stdout);
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
