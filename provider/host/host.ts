// A host as argv, files and facts. Everything runs as root: directly, or through sudo, as the connection says.
import type { Readable, Writable } from "node:stream";

export interface RunOptions {
  /** Bytes for standard input; the only way a secret travels. */
  stdin?: string | Buffer | Readable;
  /** The command and everything it started is ended on the host when this is over. Default 60 s. */
  timeoutMs?: number;
  /** Exit codes that are an answer, not a failure. Default [0]. */
  ok?: readonly number[];
  env?: Readonly<Record<string, string>>;
  /** Output may hold a secret: it is kept out of errors. */
  secretOutput?: boolean;
  /** A later run waits for this one to end instead of ending it (package managers). */
  mustFinish?: boolean;
  /** Called for each complete line of standard output while it runs. */
  onLine?: (line: string) => void;
  /** Standard output goes there as it comes, as fast as it is taken, and is in no result. It is not ended: only exit code 0 says that all came. */
  into?: Writable;
}

export interface RunResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** A file on the machine that runs Pulumi. */
export interface LocalFile {
  path: string;
  sha256: string;
  size: number;
}

export interface Host {
  /** The node's name. */
  readonly name: string;
  /** For messages: "w1 (10.0.0.21)". */
  readonly label: string;
  /** Throws CommandError (host, command, exit, short stderr) for an exit code that is not in `ok`. */
  run(argv: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** A POSIX shell script with `set -eu`; arguments are $1, $2, ... The text is no place for secrets. */
  sh(script: string, args?: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** undefined when there is no such file. */
  readFile(path: string): Promise<Buffer | undefined>;
  /** Written beside and renamed, parent directories made; false when content and mode were right already. */
  writeFile(path: string, content: string | Buffer, mode?: number): Promise<boolean>;
  /** Streamed, checked by digest on the host, renamed when right; false when it was there already. */
  upload(file: LocalFile, path: string, mode?: number, onProgress?: (bytes: number) => void): Promise<boolean>;
}
