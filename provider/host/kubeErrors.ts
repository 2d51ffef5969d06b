// What kubectl's standard error means: a refusal of the API with its reason, or an API that does not answer right now.
import { UserError } from "../lib/errors";

/** The API server's answer, or kubectl's own refusal. `reason` is the API's word for it. */
export class ApiError extends UserError {
  constructor(
    readonly label: string,
    /** What was tried, without any content: "apply 3 objects". */
    readonly what: string,
    /** "NotFound", "Conflict", "TooManyRequests" ...; "Unavailable" when the API did not answer. */
    readonly reason: string,
    /** Short text of the API. */
    readonly detail: string,
    remedy?: string,
  ) {
    super(`${label}: ${what}: ${detail}`, remedy);
  }
}

const unavailable = [
  /connection to the server .* was refused/i,
  /connection refused/i,
  /connection reset by peer/i,
  /TLS handshake timeout/i,
  /etcdserver: (leader changed|request timed out|no leader|too many requests)/i,
  /raft proposal dropped/i,
  /http2: (client connection lost|server sent GOAWAY)/i,
  /client connection lost/i,
  /unexpected EOF|: EOF\b/i,
  /i\/o timeout/i,
  /no route to host/i,
  /context deadline exceeded|Client\.Timeout exceeded/i,
  /Unable to connect to the server/i,
  /server is currently unable to handle the request/i,
  // An API server that has just started has not read its roles yet; later nobody refuses its administrator.
  /User "kubernetes-admin" cannot /,
  /apiserver not ready|server was unable to return a response in the time allotted/i,
];

/** A certificate that does not fit never fits later. */
const permanent = /x509: |certificate signed by unknown authority|no such host|Unauthorized/i;

/** The API's word for what went wrong. */
export function reasonOf(stderr: string): string {
  if (/^(error: )?Apply failed with \d+ conflict/m.test(stderr)) return "ApplyConflict";
  if (!permanent.test(stderr) && unavailable.some((pattern) => pattern.test(stderr))) return "Unavailable";
  const named = /Error from server \((\w+)\)/.exec(stderr)?.[1];
  if (named === "ServiceUnavailable" || named === "ServerTimeout" || named === "Timeout") return "Unavailable";
  if (named) return named;
  if (/no matches for kind|doesn't have a resource type|resource mapping not found/.test(stderr)) return "NoMatch";
  if (/Error from server: .*the server could not find the requested resource/.test(stderr)) return "NotFound";
  return "Failed";
}

/** The first telling part, without kubectl's page of advice. */
export function detailOf(stderr: string): string {
  const [head = ""] = stderr.split(/^Please review the fields above/m);
  const lines = head
    .split("\n")
    .filter((line) => line.trim() !== "" && !/^[EWI]\d{4} /.test(line) && !line.startsWith("Warning:"));
  const text = (lines.length > 0 ? lines : head.split("\n")).join("\n").trim() || "failed without a word";
  return text.length > 1500 ? `${text.slice(0, 1500)}…` : text;
}

export interface FieldConflict {
  manager: string;
  fields: string[];
}

/** Who else says what a field shall be, from the API's text for a server-side apply. */
export function fieldConflicts(stderr: string): FieldConflict[] {
  const found: FieldConflict[] = [];
  for (const line of stderr.split("\n")) {
    const head = /conflicts? with "([^"]+)"[^:]*:\s*(\S.*)?$/.exec(line);
    if (head?.[1]) found.push({ manager: head[1], fields: head[2] ? [head[2].trim()] : [] });
    const item = /^\s*- (\..+)$/.exec(line)?.[1];
    if (item) found.at(-1)?.fields.push(item.trim());
  }
  return found;
}

/** kubectl's failure as an error that holds no content of what was sent. */
export function apiError(label: string, what: string, stderr: string, secrets: readonly string[] = []): ApiError {
  const safe = withoutSecrets(stderr, secrets);
  const reason = reasonOf(stderr);
  if (reason !== "ApplyConflict") return new ApiError(label, what, reason, detailOf(safe));
  const whom = fieldConflicts(safe).map(({ manager, fields }) => `${fields.join(", ")} is managed by "${manager}"`);
  const remedy =
    "take the field out of the program, let the other manager give it up, or set `force: true` to take it over.";
  return new ApiError(label, what, reason, whom.length > 0 ? whom.join("; ") : detailOf(safe), remedy);
}

/** The API quotes what it refuses, so a secret's value could come back in its answer. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  const telling = secrets.filter((secret) => secret.length > 2).sort((a, b) => b.length - a.length);
  return telling.reduce((rest, secret) => rest.replaceAll(secret, "[secret]"), text);
}

export function hasReason(error: unknown, ...reasons: string[]): error is ApiError {
  return error instanceof ApiError && reasons.includes(error.reason);
}
