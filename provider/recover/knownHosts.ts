// What OpenSSH's known_hosts says of a server: the only other place, besides the command line, from which a key is known. Pure.
import { createHmac } from "node:crypto";

/** Keys of a server as lines of "<type> <base64>"; undefined when the file knows none. Keys that were revoked are left out. */
export function knownKeys(text: string, host: string, port: number): string | undefined {
  const name = port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;
  const lines = text.split(/\r?\n/).flatMap((line) => {
    const words = line.trim().split(/\s+/);
    // "@revoked" and "@cert-authority" say something else than a key.
    const [names = "", type, base64] = words;
    if (names === "" || /^[#@]/.test(names) || !type || !base64) return [];
    return named(names, name) ? [`${type} ${base64}`] : [];
  });
  return lines.length === 0 ? undefined : lines.join("\n");
}

function named(names: string, wanted: string): boolean {
  if (names.startsWith("|1|")) return hashed(names, wanted);
  const patterns = names.toLowerCase().split(",");
  const matches = (pattern: string) => globbed(pattern).test(wanted);
  if (patterns.some((pattern) => pattern.startsWith("!") && matches(pattern.slice(1)))) return false;
  return patterns.some((pattern) => !pattern.startsWith("!") && matches(pattern));
}

/** "|1|<salt>|<HMAC-SHA1 of the name>", as `HashKnownHosts yes` writes them. */
function hashed(entry: string, wanted: string): boolean {
  const [, , salt = "", hash = ""] = entry.split("|");
  return createHmac("sha1", Buffer.from(salt, "base64")).update(wanted).digest("base64") === hash;
}

function globbed(pattern: string): RegExp {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`);
}
