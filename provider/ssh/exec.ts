// One command line on one channel: input streamed, output bounded, and the three ways it can end told apart.
import type { Readable, Writable } from "node:stream";
import type { ClientChannel } from "ssh2";
import { UnreachableError } from "../lib/errors";
import { openChannel } from "./channel";
import type { SshConnection } from "./connection";
import { feed } from "./input";
import { Collector, Lines, stderrLimit, stdoutLimit, watchedLimit } from "./output";

export interface ExecRequest {
  line: string;
  stdin?: string | Buffer | Readable | undefined;
  /** Sent before `stdin`. */
  preface?: string | undefined;
  /** The host ends the command itself by then; a little later it is given up here. */
  timeoutMs: number;
  onLine?: ((line: string) => void) | undefined;
  /** Takes standard output instead of the outcome. */
  into?: Writable | undefined;
}

export interface ExecOutcome {
  code?: number;
  signal?: string;
  stdout: Collector;
  stderr: Collector;
  /** Why it was given up from here while it was still running. */
  givenUp?: "deadline" | "output" | "input";
  /** For "input": what its source said. */
  inputError?: Error;
}

/** `timeout -k 5` on the host, then some time for the news to arrive. */
const graceMs = 10_000;

/** Throws UnreachableError when the connection broke while the command ran: it may still be running. */
export async function exec(connection: SshConnection, request: ExecRequest): Promise<ExecOutcome> {
  return connection.gate.run(async () => {
    const opened = openChannel(connection, request.line, request.timeoutMs, (channel) => ({
      outcome: follow(connection, channel, request),
    }));
    return (await opened).outcome;
  });
}

function follow(connection: SshConnection, channel: ClientChannel, request: ExecRequest): Promise<ExecOutcome> {
  const outcome: ExecOutcome = {
    stdout: new Collector(request.onLine ? watchedLimit : stdoutLimit, request.onLine !== undefined),
    stderr: new Collector(stderrLimit, true),
  };
  return new Promise<ExecOutcome>((resolve, reject) => {
    const finish = () => {
      clearTimeout(timer);
      stop();
      input.abort();
    };
    const giveUp = (reason: "deadline" | "output" | "input") => {
      outcome.givenUp = reason;
      finish();
      resolve(outcome);
      channel.close();
    };
    const timer = setTimeout(() => giveUp("deadline"), request.timeoutMs + graceMs);
    const stop = connection.onBroken(() => {
      finish();
      reject(lost(connection));
    });
    const input = feed(channel, request, (error) => {
      outcome.inputError = error;
      giveUp("input");
    });
    watchOutput(channel, request, outcome, () => giveUp("output"), reject);
    channel.on("exit", (code: number | null, signal?: string) => {
      if (code === null) outcome.signal = (signal ?? "unknown").replace(/^SIG/, "");
      else outcome.code = code;
    });
    channel.on("close", () => {
      finish();
      if (outcome.code === undefined && outcome.signal === undefined) reject(lost(connection));
      else resolve(outcome);
    });
  });
}

function watchOutput(
  channel: ClientChannel,
  request: ExecRequest,
  outcome: ExecOutcome,
  tooMuch: () => void,
  reject: (error: unknown) => void,
): void {
  channel.stderr.on("data", (chunk: Buffer) => outcome.stderr.add(chunk));
  if (request.into) {
    channel.pipe(request.into, { end: false });
    request.into.once("error", (error) => {
      reject(error);
      channel.close();
    });
    return;
  }
  const lines = request.onLine && new Lines(request.onLine);
  channel.on("data", (chunk: Buffer) => {
    if (outcome.givenUp) return;
    try {
      lines?.add(chunk);
    } catch (error) {
      reject(error);
    }
    if (!outcome.stdout.add(chunk)) tooMuch();
  });
  channel.on("end", () => lines?.end());
}

function lost(connection: SshConnection): UnreachableError {
  const why = connection.broken ?? "the channel closed without an exit code";
  return new UnreachableError(
    `${connection.endpoint.label}: the connection broke while a command was running: ${why}`,
    "check the network and the machine, then run again: what is still running there is ended or awaited first",
  );
}
