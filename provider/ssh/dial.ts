// One try to reach one hop.
import type { Duplex, Readable } from "node:stream";
import type { ConnectConfig, ServerHostKeyAlgorithm } from "ssh2";
import { type AuthenticationError, type HostKeyError, UserError } from "../lib/errors";
import { authHandler, type Credentials, credentialsOf, refused } from "./auth";
import { SshConnection } from "./connection";
import type { Endpoint } from "./hop";
import { algorithmTries } from "./hostKey";
import { distrust, expectedKeys, type Trust } from "./trust";

/** Could pass by itself: nobody listens yet, the network is down, the server is too busy. */
export class TransientDialError extends Error {}

export interface DialOptions {
  endpoint: Endpoint;
  trust: Trust;
  /** A stream through the hop before; absent: TCP from here. */
  open: (() => Promise<Duplex>) | undefined;
  timeoutMs: number;
}

const keepaliveMs = 5000;
const keepalivesMissed = 4;
const ciphers: ConnectConfig["algorithms"] = {
  // Uploads are hundreds of megabytes: what the processor does in hardware comes first.
  cipher: [
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "chacha20-poly1305@openssh.com",
    "aes128-ctr",
    "aes192-ctr",
    "aes256-ctr",
  ],
};

export async function dial(options: DialOptions): Promise<SshConnection> {
  const tries = algorithmTries(expectedKeys(options.endpoint, options.trust));
  let refusal: Error | undefined;
  for (const algorithms of tries) {
    const credentials = credentialsOf(options.endpoint);
    try {
      return await dialOnce(options, credentials, algorithms, await options.open?.());
    } catch (error) {
      if (!(error instanceof KeyMismatch)) throw error;
      refusal = error.refusal ?? refusal;
    }
  }
  throw refusal ?? new UserError(`${options.endpoint.label}: the server has no host key of a type this program knows`);
}

/** The server's key is not the one expected, or it has none of the asked type: another type may fit. */
class KeyMismatch extends Error {
  constructor(readonly refusal: HostKeyError | undefined) {
    super("host key mismatch");
  }
}

function dialOnce(
  { endpoint, trust, timeoutMs }: DialOptions,
  credentials: Credentials,
  serverHostKey: ServerHostKeyAlgorithm[],
  sock: Duplex | undefined,
): Promise<SshConnection> {
  const ssh2 = require("ssh2") as typeof import("ssh2");
  const client = new ssh2.Client();
  return new Promise((resolve, reject) => {
    let serverKey: Buffer | undefined;
    let refusal: HostKeyError | undefined;
    const fail = (error: Error & { level?: string }) => {
      if (error.level === "agent") {
        // Not the end: the next method is tried.
        credentials.agentProblem = error.message;
        return;
      }
      reject(explain(error, { endpoint, credentials, refusal, verified: serverKey !== undefined }));
      client.destroy();
      sock?.destroy();
    };
    client.on("error", fail);
    client.on("close", () => fail(new Error("the server closed the connection during the handshake")));
    client.on("ready", () => {
      client.setNoDelay(true);
      if (serverKey) resolve(new SshConnection(endpoint, client, serverKey));
    });
    client.connect({
      host: endpoint.host,
      port: endpoint.port,
      username: endpoint.user,
      ...(sock ? { sock: sock as Readable } : {}),
      readyTimeout: Math.max(1, timeoutMs),
      keepaliveInterval: keepaliveMs,
      keepaliveCountMax: keepalivesMissed,
      algorithms: { ...ciphers, serverHostKey },
      authHandler: authHandler(credentials),
      hostVerifier: (key: Buffer) => {
        refusal = distrust(endpoint, trust, key);
        if (!refusal) serverKey = key;
        return refusal === undefined;
      },
    });
  });
}

interface Situation {
  endpoint: Endpoint;
  credentials: Credentials;
  refusal: HostKeyError | undefined;
  verified: boolean;
}

function explain(error: Error & { level?: string; code?: unknown }, situation: Situation): Error | AuthenticationError {
  if (situation.refusal) return new KeyMismatch(situation.refusal);
  if (/no matching host key format/i.test(error.message)) return new KeyMismatch(undefined);
  const tooMany = situation.verified && /authentication failures|auth fail/i.test(error.message);
  if (error.level === "client-authentication" || tooMany)
    return refused(situation.endpoint, situation.credentials, error);
  if (/no matching/i.test(error.message)) {
    return new UserError(
      `${situation.endpoint.label}: ${error.message}`,
      "enable a current key exchange, cipher and MAC in the server's sshd_config",
      { cause: error },
    );
  }
  return new TransientDialError(error.message, { cause: error });
}
