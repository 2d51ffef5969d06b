// Whether a server's key is the one we know: pinned by the program, recorded in the state, or (only for who may record) new.
import { HostKeyError, messageOf } from "../lib/errors";
import type { Endpoint } from "./hop";
import { fingerprint, formatKey, matches, type Pin, parsePins, pinFingerprint } from "./hostKey";

export interface Trust {
  /** Recorded keys by "host:port". */
  readonly hostKeys: Readonly<Record<string, string>>;
  /** True only for who writes the keys it sees into the state. */
  readonly record: boolean;
}

/** Empty: nothing is known about this host. */
export function expectedKeys(endpoint: Endpoint, trust: Trust): Pin[] {
  const text = endpoint.hop.hostKey ?? trust.hostKeys[endpoint.address];
  if (text === undefined) return [];
  try {
    return parsePins(text);
  } catch (error) {
    const reason = messageOf(error);
    throw new HostKeyError(
      `${endpoint.label}: connection.hostKey cannot be used: ${reason}`,
      `take the key from: ssh-keyscan -p ${endpoint.port} ${endpoint.host}`,
    );
  }
}

/** undefined: go on. An error to throw otherwise. */
export function distrust(endpoint: Endpoint, trust: Trust, key: Buffer): HostKeyError | undefined {
  const pins = expectedKeys(endpoint, trust);
  if (pins.length > 0) return matches(pins, key) ? undefined : changed(endpoint, pins, key);
  if (trust.record && endpoint.hop.unknownHostKey !== "refuse") return undefined;
  return unknown(endpoint, key);
}

function changed(endpoint: Endpoint, pins: readonly Pin[], key: Buffer): HostKeyError {
  const pinned = endpoint.hop.hostKey !== undefined;
  return new HostKeyError(
    `${endpoint.label}: the host key is not the expected one: ` +
      `expected ${pins.map(pinFingerprint).join(" or ")}, got ${fingerprint(key)}`,
    pinned
      ? `if the machine was really reinstalled, set connection.hostKey to "${formatKey(key)}"; else somebody else answers at this address`
      : `if the machine was really reinstalled, set connection.hostKey to "${formatKey(key)}": its old node is then taken out and the machine joins anew; else somebody else answers at this address`,
  );
}

function unknown(endpoint: Endpoint, key: Buffer): HostKeyError {
  return new HostKeyError(
    `${endpoint.label}: the host key is unknown: got ${fingerprint(key)}`,
    `compare it with the machine's own (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub) and set connection.hostKey to "${formatKey(key)}"`,
  );
}
