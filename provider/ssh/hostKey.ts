// A server's key: how it is pinned, shown and compared.
import { createHash } from "node:crypto";
import type { ServerHostKeyAlgorithm } from "ssh2";

/** What a server's key has to be: the key itself, or its fingerprint. */
export type Pin = { type: string; base64: string } | { fingerprint: string };

const families: readonly (readonly ServerHostKeyAlgorithm[])[] = [
  ["ssh-ed25519"],
  ["ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"],
  ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"],
];

/** "<type> <base64>" of the blob a server sent. */
export function formatKey(blob: Buffer): string {
  const length = blob.readUInt32BE(0);
  return `${blob.toString("latin1", 4, 4 + length)} ${blob.toString("base64")}`;
}

/** As `ssh-keygen -l` shows it. */
export function fingerprint(blob: Buffer): string {
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
}

/**
 * Lines of "<type> <base64> [comment]", of known_hosts ("<names> <type> <base64>") or of "SHA256:..."; any of them may match.
 * Throws RangeError for what is none of these: a pin that is never compared would be worse than none.
 */
export function parsePins(text: string): Pin[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const pins = lines.filter((line) => line !== "" && !line.startsWith("#")).map(parsePin);
  if (pins.length === 0) throw new RangeError("the host key is empty");
  return pins;
}

function parsePin(line: string): Pin {
  if (line.startsWith("SHA256:")) return { fingerprint: (line.split(/\s+/)[0] ?? line).replace(/=+$/, "") };
  const words = line.split(/\s+/);
  for (const [index, type] of words.slice(0, 2).entries()) {
    const base64 = words[index + 1];
    if (base64 === undefined) continue;
    const blob = Buffer.from(base64, "base64");
    // The blob repeats its type: this tells a key from any other two words.
    if (blob.length > 4 + type.length && formatKey(blob).startsWith(`${type} `))
      return { type, base64: blob.toString("base64") };
  }
  throw new RangeError(
    `not a host key: expected "<type> <base64>" or "SHA256:...", as ssh-keyscan and ssh-keygen -l print them`,
  );
}

export function matches(pins: readonly Pin[], blob: Buffer): boolean {
  const print = fingerprint(blob);
  const key = formatKey(blob);
  return pins.some((pin) => ("fingerprint" in pin ? pin.fingerprint === print : `${pin.type} ${pin.base64}` === key));
}

/** For messages. */
export function pinFingerprint(pin: Pin): string {
  return "fingerprint" in pin ? pin.fingerprint : fingerprint(Buffer.from(pin.base64, "base64"));
}

/**
 * The key algorithms to ask a server for, one list per try. A server has keys of several types and shows only one:
 * asking for the pinned type first keeps an unchanged host from looking changed. A fingerprint doesn't tell its type,
 * so with fingerprints alone each family is asked for in turn.
 */
export function algorithmTries(pins: readonly Pin[]): ServerHostKeyAlgorithm[][] {
  const known = pins.flatMap((pin) => ("type" in pin ? [pin.type] : []));
  if (known.length === 0 && pins.length > 0) return families.map((family) => [...family]);
  const all = families.flat();
  const first = all.filter((name) => known.includes(name) || (known.includes("ssh-rsa") && name.startsWith("rsa-")));
  return [[...first, ...all.filter((name) => !first.includes(name))]];
}
