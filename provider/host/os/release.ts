// Versions of operating systems: numbers between dots, compared one by one.
import type { OsRelease } from "./os";

/** False for a version that is no number: a caller that accepts rolling releases says so itself. */
export function atLeast(version: string, least: string): boolean {
  const have = version.split(".").map(Number);
  for (const [index, wanted] of least.split(".").map(Number).entries()) {
    const part = have[index] ?? 0;
    if (Number.isNaN(part)) return false;
    if (part !== wanted) return part > wanted;
  }
  return true;
}

/** /etc/os-release: shell assignments, quoted or not. */
export function parseOsRelease(text: string): OsRelease {
  const fields = new Map(
    text.split("\n").flatMap((line) => {
      const match = /^([A-Z_]+)=(.*)$/.exec(line.trim());
      return match?.[1] === undefined ? [] : [[match[1], (match[2] ?? "").replace(/^(["'])(.*)\1$/, "$2")] as const];
    }),
  );
  const field = (name: string) => fields.get(name) ?? "";
  const id = field("ID").toLowerCase();
  return {
    id,
    version: field("VERSION_ID"),
    like: field("ID_LIKE").toLowerCase().split(/\s+/).filter(Boolean),
    codename: field("VERSION_CODENAME"),
    pretty: field("PRETTY_NAME") || id || "an unnamed system",
  };
}
