// One connection per host, shared by everything that runs at the same time, and by hosts behind the same jump host.
import { sha256 } from "../lib/sha256";
import { type ConnectOptions, connect } from "./connect";
import type { SshConnection } from "./connection";
import { type Endpoint, pathOf } from "./hop";
import { distrust } from "./trust";

/** A share in a connection; given back once. */
export interface Lent {
  readonly connection: SshConnection;
  /** Every connection on the way, the host's own last. */
  readonly path: readonly SshConnection[];
  release(): void;
}

interface Entry {
  connection: Promise<SshConnection>;
  users: number;
  idle: NodeJS.Timeout | undefined;
  /** The share in the hop before. */
  via: Lent | undefined;
}

const lingerMs = 4000;
const entries = new Map<string, Entry>();

export async function acquire(endpoint: Endpoint, options: ConnectOptions): Promise<Lent> {
  const key = poolKey(endpoint);
  for (;;) {
    const entry = entries.get(key) ?? open(key, endpoint, options);
    entry.users += 1;
    clearTimeout(entry.idle);
    try {
      const connection = await entry.connection;
      if (connection.broken !== undefined) {
        drop(key, entry);
        giveBack(key, entry);
        continue;
      }
      const path = [...(entry.via?.path ?? []), connection];
      checkPath(endpoint, options, path);
      return { connection, path, release: releaseOnce(key, entry) };
    } catch (error) {
      giveBack(key, entry);
      throw error;
    }
  }
}

function open(key: string, endpoint: Endpoint, options: ConnectOptions): Entry {
  const entry: Entry = { connection: Promise.resolve() as never, users: 0, idle: undefined, via: undefined };
  entry.connection = reach(endpoint, options, entry);
  entries.set(key, entry);
  entry.connection.then(
    (connection) => connection.onBroken(() => drop(key, entry)),
    () => drop(key, entry),
  );
  return entry;
}

async function reach(endpoint: Endpoint, options: ConnectOptions, entry: Entry): Promise<SshConnection> {
  if (endpoint.via) entry.via = await acquire(endpoint.via, options);
  return connect(endpoint, options, entry.via?.connection);
}

/** Who asks may expect other keys than who opened the connections. */
function checkPath(endpoint: Endpoint, options: ConnectOptions, path: readonly SshConnection[]): void {
  for (const [index, hop] of pathOf(endpoint).entries()) {
    const connection = path[index];
    const refusal = connection && distrust(hop, options.trust, connection.serverKey);
    if (refusal) throw refusal;
  }
}

function releaseOnce(key: string, entry: Entry): () => void {
  let given = false;
  return () => {
    if (given) return;
    given = true;
    giveBack(key, entry);
  };
}

function giveBack(key: string, entry: Entry): void {
  entry.users -= 1;
  if (entry.users > 0) return;
  if (entries.get(key) !== entry) {
    end(entry);
    return;
  }
  entry.idle = setTimeout(() => drop(key, entry), lingerMs).unref();
}

/** Nobody gets it any more; who has it keeps it until the end. */
function drop(key: string, entry: Entry): void {
  if (entries.get(key) === entry) entries.delete(key);
  clearTimeout(entry.idle);
  if (entry.users === 0) end(entry);
}

function end(entry: Entry): void {
  entry.connection.then(
    (connection) => {
      connection.close();
      entry.via?.release();
    },
    () => entry.via?.release(),
  );
}

/** Same path, same users, same credentials. Hashed: the map holds no secrets. */
function poolKey(endpoint: Endpoint): string {
  const parts = pathOf(endpoint).map(({ address, user, hop }) => [
    address,
    user,
    hop.privateKey,
    hop.privateKeyPassword,
    hop.password,
    hop.agentSocketPath,
  ]);
  return sha256(JSON.stringify(parts));
}

/** Ends every connection that nobody uses, and with `all` the others too. */
export function closeConnections(all = false): void {
  for (const [key, entry] of [...entries]) {
    if (!all && entry.users > 0) continue;
    drop(key, entry);
    end(entry);
  }
}
