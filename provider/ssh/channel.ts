// Opening a channel with a command on it. Until this succeeds nothing ran, so it may be tried again.
import type { ClientChannel } from "ssh2";
import { messageOf, UnreachableError, UserError } from "../lib/errors";
import { retry } from "../lib/retry";
import type { SshConnection } from "./connection";

/** The server has no place for another session (its MaxSessions is lower than ours). */
class NoRoomError extends UserError {}

/** The connection was of no use before the command was sent: nothing ran. */
export class NotStartedError extends UnreachableError {}

/**
 * `opened` is called before anything else of the channel is read: a command that is quick may have ended, exit code and
 * all, within the same packet that opened its channel.
 */
export async function openChannel<T>(
  connection: SshConnection,
  line: string,
  timeoutMs: number,
  opened: (channel: ClientChannel) => T,
): Promise<T> {
  return retry(() => openOnce(connection, line, opened), {
    deadlineMs: timeoutMs,
    firstDelayMs: 50,
    maxDelayMs: 1000,
    transient: (error) => error instanceof NoRoomError && connection.gate.inside > 1,
  });
}

/** A server that is alive answers this at once; keepalive would tell of a dead one in less. */
const answerMs = 30_000;

function openOnce<T>(connection: SshConnection, line: string, opened: (channel: ClientChannel) => T): Promise<T> {
  return new Promise((resolve, reject) => {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      stop();
      // It may have been started after all, so this is not a NotStartedError.
      reject(
        new UnreachableError(
          `${connection.endpoint.label}: the server answers nothing`,
          "check the machine's load and its sshd",
        ),
      );
    }, answerMs);
    const fail = (error: Error) => {
      clearTimeout(timer);
      stop();
      reject(error);
    };
    const stop = connection.onBroken(() => fail(notStarted(connection, connection.broken)));
    try {
      connection.client.exec(line, (error, channel) => {
        if (error)
          return fail(
            connection.broken === undefined ? noRoom(connection, error) : notStarted(connection, error.message),
          );
        clearTimeout(timer);
        stop();
        if (late) channel.close();
        else resolve(opened(channel));
      });
    } catch (error) {
      fail(notStarted(connection, messageOf(error)));
    }
  });
}

function notStarted(connection: SshConnection, why = "closed"): NotStartedError {
  return new NotStartedError(
    `${connection.endpoint.label}: the connection broke before a command was started: ${why}`,
    "check the network and the machine, then run again",
  );
}

function noRoom(connection: SshConnection, error: Error): Error {
  // One of us is waiting outside already: from now on fewer go in.
  connection.gate.narrow(connection.gate.inside - 1);
  return new NoRoomError(
    `${connection.endpoint.label}: the server opens no session: ${error.message}`,
    "raise MaxSessions in the server's sshd_config, and see that the user may run commands",
    { cause: error },
  );
}
