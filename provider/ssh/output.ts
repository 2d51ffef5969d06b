// What a command writes, kept within bounds.
import { StringDecoder } from "node:string_decoder";

/** Standard output of a command that is read whole; more is an error, never a silent cut. */
export const stdoutLimit = 16 * 1024 * 1024;
/** With `onLine` the lines were seen already: only the end is kept. */
export const watchedLimit = 1024 * 1024;
/** Only the end is ever shown. */
export const stderrLimit = 64 * 1024;

/** Keeps everything up to the limit, or the end of it. */
export class Collector {
  private chunks: Buffer[] = [];
  private size = 0;
  private seen = 0;

  constructor(
    private readonly limit: number,
    private readonly keepEnd: boolean,
  ) {}

  /** False when the limit is passed and nothing may be lost. */
  add(chunk: Buffer): boolean {
    this.seen += chunk.length;
    if (!this.keepEnd && this.seen > this.limit) return false;
    this.chunks.push(chunk);
    this.size += chunk.length;
    while (this.keepEnd && this.chunks.length > 1 && this.size - (this.chunks[0]?.length ?? 0) >= this.limit) {
      this.size -= this.chunks.shift()?.length ?? 0;
    }
    return true;
  }

  bytes(): Buffer {
    const all = Buffer.concat(this.chunks, this.size);
    return this.keepEnd && all.length > this.limit ? all.subarray(all.length - this.limit) : all;
  }

  /** Decoded whole, so that no character is cut between two chunks; a cut first character is left out. */
  text(): string {
    let bytes = this.bytes();
    if (this.seen > bytes.length) {
      const start = bytes.findIndex((byte) => (byte & 0xc0) !== 0x80);
      bytes = bytes.subarray(Math.max(0, start));
    }
    return bytes.toString("utf8");
  }
}

/** A line longer than this is handed out in pieces. */
const longestLine = 64 * 1024;

/** Complete lines as they come. */
export class Lines {
  private readonly decoder = new StringDecoder("utf8");
  private rest = "";

  constructor(private readonly onLine: (line: string) => void) {}

  add(chunk: Buffer): void {
    const parts = (this.rest + this.decoder.write(chunk)).split("\n");
    this.rest = parts.pop() ?? "";
    for (const part of parts) this.onLine(part.endsWith("\r") ? part.slice(0, -1) : part);
    if (this.rest.length < longestLine) return;
    this.onLine(this.rest);
    this.rest = "";
  }

  end(): void {
    const last = this.rest + this.decoder.end();
    this.rest = "";
    if (last !== "") this.onLine(last);
  }
}
