// How a command ended: a result, or an error that says so.
import { CommandError, UserError } from "../lib/errors";
import { redact } from "../lib/redact";
import type { ExecOutcome } from "../ssh/exec";
import { stdoutLimit } from "../ssh/output";
import type { RunOptions } from "./host";

export interface RawResult {
  code: number;
  stdout: Buffer;
  stderr: string;
}

export function judge(
  label: string,
  outcome: ExecOutcome,
  timedOut: boolean,
  options: RunOptions,
  title: string,
): RawResult {
  if (outcome.givenUp === "output") {
    throw new UserError(`${label}: \`${title}\` wrote more than ${stdoutLimit / 1024 / 1024} MiB and was stopped`);
  }
  if (outcome.givenUp === "input") {
    const why = redact(outcome.inputError?.message ?? "unknown");
    throw new UserError(`${label}: \`${title}\`: its input could not be read here: ${why}`);
  }
  const { code } = outcome;
  const stderr = outcome.stderr.text();
  if (!timedOut && code !== undefined && (options.ok ?? [0]).includes(code)) {
    return { code, stdout: outcome.stdout.bytes(), stderr };
  }
  const said = options.secretOutput ? "" : redact(stderr);
  throw new CommandError(label, title, howItEnded(outcome, timedOut), said, remedyFor(stderr));
}

export function howItEnded({ code, signal }: ExecOutcome, timedOut: boolean) {
  return { ...(code === undefined ? {} : { code }), ...(signal === undefined ? {} : { signal }), timedOut };
}

/** `timeout` exits 124, or dies by its own KILL. Whoever asks compares the time, too. */
export function endedByTimeout({ code, signal }: ExecOutcome): boolean {
  return code === 124 || code === 137 || signal === "KILL" || signal === "TERM";
}

function remedyFor(stderr: string): string | undefined {
  return /No space left on device/.test(stderr) ? "free some disk space on the machine, then run again" : undefined;
}
