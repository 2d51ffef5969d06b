// From the journal to what is undone: the last change first. Pure.
import type { Entry } from "../journal";

export interface UndoPlan {
  /** Rows "file <path> <backup or ->" and "directory <path>". */
  files: string[];
  units: { unit: string; enabled: boolean; active: boolean }[];
  /** Rows "<path><TAB><value>"; of several values the oldest counts. */
  sysctls: string[];
  modules: string[];
  /** Installed by us; `before` where an installation was cut: what is there now and was not then. */
  packages: { names: string[]; before: string[] | undefined };
  accounts: { of: "user" | "group"; name: string }[];
  hostname: string | undefined;
  swap: string[];
  runtime: boolean;
}

function ofKind<K extends Entry["kind"]>(entries: readonly Entry[], kind: K): Extract<Entry, { kind: K }>[] {
  return entries.filter((entry): entry is Extract<Entry, { kind: K }> => entry.kind === kind);
}

/** The first of each: what came later was already ours. */
function oldest<T>(items: readonly T[], key: (item: T) => string): T[] {
  const seen = new Map<string, T>();
  for (const item of items) if (!seen.has(key(item))) seen.set(key(item), item);
  return [...seen.values()];
}

/**
 * What was installed before an installation that never came to its end: one that was run again is told by the entry
 * after it, which counts from the first try on. Other steps write in between.
 */
export function cutInstallation(entries: readonly Entry[]): string[] | undefined {
  const done = entries.findLastIndex(({ kind }) => kind === "installed");
  return ofKind(entries.slice(done + 1), "packages")[0]?.before.split(" ");
}

export function undoPlan(entries: readonly Entry[]): UndoPlan {
  const files = entries.filter((entry) => entry.kind === "file" || entry.kind === "directory");
  const rows = oldest(files, (entry) => entry.path).map((entry) =>
    entry.kind === "file" ? `file ${entry.path} ${entry.backup ?? "-"}` : `directory ${entry.path}`,
  );
  return {
    files: rows.reverse(),
    units: oldest(ofKind(entries, "unit"), ({ unit }) => unit).reverse(),
    sysctls: oldest(ofKind(entries, "sysctl"), ({ path }) => path).map(({ path, value }) => `${path}\t${value}`),
    modules: ofKind(entries, "module")
      .map(({ name }) => name)
      .reverse(),
    packages: {
      names: [...new Set(ofKind(entries, "installed").flatMap(({ names }) => names))],
      before: cutInstallation(entries),
    },
    accounts: ofKind(entries, "account").reverse(),
    hostname: ofKind(entries, "hostname")[0]?.value,
    swap: ofKind(entries, "swap").flatMap(({ devices }) => devices),
    runtime: ofKind(entries, "runtime").length > 0,
  };
}
