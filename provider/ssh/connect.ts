// Reaching a hop, again and again until its deadline where that can help.
import type { Duplex } from "node:stream";
import { UnreachableError, UserError } from "../lib/errors";
import type { Progress } from "../lib/progress";
import { retry } from "../lib/retry";
import type { SshConnection } from "./connection";
import { dial, TransientDialError } from "./dial";
import type { Endpoint } from "./hop";
import type { Trust } from "./trust";

export interface ConnectOptions {
  trust: Trust;
  /** Wins over every dialErrorLimit when the user gave it. */
  connectMs: number;
  explicitDeadline: boolean;
  progress: Progress;
  signal?: AbortSignal | undefined;
}

const defaultDialSeconds = 15;

export async function connect(
  endpoint: Endpoint,
  options: ConnectOptions,
  through: SshConnection | undefined,
): Promise<SshConnection> {
  const { perDialTimeout = defaultDialSeconds, dialErrorLimit = 0 } = endpoint.hop;
  const since = Date.now();
  let dials = 0;
  try {
    return await retry(
      (attempt, remainingMs) => {
        dials = attempt;
        // The last dial may not outlive the deadline, but gets a second to be of any use.
        const timeoutMs = Math.max(1000, Math.min(perDialTimeout * 1000, remainingMs));
        const open = through ? () => forward(through, endpoint, timeoutMs) : undefined;
        return dial({ endpoint, trust: options.trust, open, timeoutMs });
      },
      {
        deadlineMs: options.connectMs,
        attempts: !options.explicitDeadline && dialErrorLimit > 0 ? dialErrorLimit : undefined,
        transient: (error) => error instanceof TransientDialError && through?.broken === undefined,
        onRetry: (error, attempt) =>
          options.progress.say(`connecting to ${endpoint.label}, try ${attempt + 1}: ${(error as Error).message}`),
        signal: options.signal,
      },
    );
  } catch (error) {
    if (!(error instanceof TransientDialError)) throw error;
    throw unreachable(endpoint, error, dials, Date.now() - since);
  }
}

function unreachable(endpoint: Endpoint, error: Error, dials: number, ms: number): UnreachableError {
  const tries = dials === 1 ? "one try" : `${dials} tries`;
  return new UnreachableError(
    `${endpoint.label} cannot be reached at ${endpoint.address}: ${error.message} (${tries} in ${Math.round(ms / 1000)} s)`,
    "check that the machine is on, that its address and port are right, and that its sshd answers",
    { cause: error },
  );
}

/** A TCP connection made by the hop before. Its own time-out would be minutes, so ours counts. */
function forward(through: SshConnection, endpoint: Endpoint, timeoutMs: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const give = (reason: string) => reject(new TransientDialError(`${through.endpoint.label}: ${reason}`));
    const stop = through.onBroken(() => give(through.broken ?? "broken"));
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      give(`no connection to ${endpoint.address} in time`);
    }, timeoutMs);
    const done = (error: (Error & { reason?: unknown }) | undefined, stream?: Duplex) => {
      stop();
      clearTimeout(timer);
      if (late) stream?.destroy();
      else if (stream) resolve(stream);
      else reject(forwardFailure(through, endpoint, error ?? new Error("no stream")));
    };
    try {
      through.client.forwardOut("127.0.0.1", 0, endpoint.host, endpoint.port, done);
    } catch (error) {
      done(error as Error);
    }
  });
}

const administrativelyProhibited = 1;

function forwardFailure(through: SshConnection, endpoint: Endpoint, error: Error & { reason?: unknown }): Error {
  if (error.reason !== administrativelyProhibited) {
    return new TransientDialError(`${through.endpoint.label} cannot connect to ${endpoint.address}: ${error.message}`);
  }
  return new UserError(
    `${through.endpoint.label} refuses to forward to ${endpoint.address}: ${error.message}`,
    "allow TCP forwarding for this user on the jump host (AllowTcpForwarding, PermitOpen in its sshd_config)",
    { cause: error },
  );
}
