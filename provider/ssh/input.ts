// A command's standard input.
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ClientChannel } from "ssh2";

interface Input {
  stdin?: string | Buffer | Readable | undefined;
  /** Sent before `stdin`. */
  preface?: string | undefined;
}

/** How a pipeline says that the other end stopped reading, or that we stopped it. */
const otherEnd = new Set([
  "ERR_STREAM_PREMATURE_CLOSE",
  "ERR_STREAM_DESTROYED",
  "ERR_STREAM_WRITE_AFTER_END",
  "ABORT_ERR",
]);

/**
 * Streams the input with back-pressure. A command may end without having read all of it: its exit code tells the rest.
 * But half an input must not look like a whole one, so a source that fails takes the channel with it.
 */
export function feed(channel: ClientChannel, request: Input, failed: (error: Error) => void): AbortController {
  const stopping = new AbortController();
  // The channel reports every problem by closing; without a listener a late write would end the process.
  channel.on("error", () => stopping.abort());
  if (request.preface !== undefined) channel.write(request.preface);
  if (!(request.stdin instanceof Readable)) {
    channel.end(request.stdin ?? "");
    return stopping;
  }
  pipeline(request.stdin, channel, { signal: stopping.signal }).catch((error: NodeJS.ErrnoException) => {
    if (!otherEnd.has(error.code ?? "")) failed(error);
  });
  return stopping;
}
