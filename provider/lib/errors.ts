// Every error says: host, step, what failed, what to do. `cause` keeps the whole; nothing is wrapped twice.

/** What was thrown need not be an Error. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** A failure whose text is for the user: what failed and what to do about it. */
export class UserError extends Error {
  constructor(
    message: string,
    /** What to do, one sentence. */
    readonly remedy?: string,
    options?: ErrorOptions,
  ) {
    super(remedy ? `${message}\n  What to do: ${remedy}` : message, options);
    this.name = new.target.name;
  }
}

/** A step that failed, with its host. */
export class StepError extends UserError {
  static of(host: string, step: string, cause: unknown): StepError {
    if (cause instanceof StepError) return cause;
    const text = messageOf(cause);
    return new StepError(text.includes(host) ? `${step}: ${text}` : `${host}: ${step}: ${text}`, undefined, { cause });
  }
}

/** Exit code, signal or deadline of a command on a host. */
export class CommandError extends UserError {
  constructor(
    host: string,
    /** Safe to print: argv without standard input. */
    readonly command: string,
    readonly outcome: { code?: number; signal?: string; timedOut?: boolean },
    /** Whole; the message carries only its end. */
    readonly stderr: string,
    remedy?: string,
  ) {
    super(`${host}: \`${command}\` ${CommandError.how(outcome)}${tail(stderr)}`, remedy);
  }

  private static how(outcome: { code?: number; signal?: string; timedOut?: boolean }): string {
    if (outcome.timedOut) return "did not end in time and was stopped";
    return outcome.signal ? `was ended by signal ${outcome.signal}` : `failed with exit code ${outcome.code}`;
  }
}

/** The host cannot be reached, or the connection broke: says nothing about what is on the host. */
export class UnreachableError extends UserError {}
/** The host was reached and refused us: never retried. */
export class AuthenticationError extends UserError {}
/** Somebody else's key answered: never retried. */
export class HostKeyError extends UserError {}
/** Another run works on this host. */
export class LockedError extends UserError {}
/** Stopped before anything was changed. */
export class RefusedError extends UserError {}

const kept = 1200;
function tail(stderr: string): string {
  const text = stderr.trim();
  if (text === "") return "";
  return `: ${text.length > kept ? `…${text.slice(-kept)}` : text}`;
}
