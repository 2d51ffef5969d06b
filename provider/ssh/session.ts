// What one operation has of a host: a connection that is made again when it broke, and root.
import type { Connection } from "../kubeadm/spec";
import { AuthenticationError, RefusedError } from "../lib/errors";
import type { Progress } from "../lib/progress";
import { rememberSecret } from "../lib/redact";
import { NotStartedError } from "./channel";
import { type RemoteCommand, type Root, remoteLine, rootOf } from "./commandLine";
import type { ConnectOptions } from "./connect";
import type { SshConnection } from "./connection";
import { type ExecOutcome, type ExecRequest, exec } from "./exec";
import { type Endpoint, endpointOf } from "./hop";
import { formatKey } from "./hostKey";
import { acquire, type Lent } from "./pool";
import { nextStep } from "./run";

export interface SessionOptions {
  name: string;
  connection: Connection;
  hostKeys: Readonly<Record<string, string>>;
  recordHostKeys?: boolean;
  connectMs: number;
  /** The user set timeouts.connect: it wins over dialErrorLimit. */
  explicitDeadline: boolean;
  progress: Progress;
}

/** Connections on which this root was proven. */
const proven = new WeakMap<SshConnection, Set<string>>();

export class Session {
  readonly label: string;
  readonly root: Root;
  private readonly endpoint: Endpoint;
  private lent: Promise<Lent> | undefined;

  constructor(private readonly options: SessionOptions) {
    this.label = `${options.name} (${options.connection.host})`;
    this.endpoint = endpointOf(options.connection, this.label);
    this.root = rootOf(options.connection);
    if (this.root.by === "sudo") rememberSecret(this.root.password);
  }

  /** The keys of every hop, as they were seen. */
  async hostKeys(): Promise<Record<string, string>> {
    const { path } = await this.connect();
    return Object.fromEntries(path.map((hop) => [hop.endpoint.address, formatKey(hop.serverKey)]));
  }

  /** Connected, and root. */
  async connect(): Promise<Lent> {
    const known = await this.lent?.catch(() => undefined);
    if (known && known.connection.broken === undefined) return known;
    known?.release();
    this.lent = this.open();
    return this.lent;
  }

  /** A command that was not started for want of a connection gets a second one; a started one is never repeated. */
  async exec(command: RemoteCommand, input: Pick<ExecRequest, "stdin" | "onLine" | "into"> = {}): Promise<ExecOutcome> {
    const { line, preface } = remoteLine(this.root, command);
    const request: ExecRequest = { line, preface, timeoutMs: command.timeoutMs, ...input };
    try {
      return await exec((await this.connect()).connection, request);
    } catch (error) {
      if (!(error instanceof NotStartedError)) throw error;
      return exec((await this.connect()).connection, request);
    }
  }

  async close(): Promise<void> {
    const lent = await this.lent?.catch(() => undefined);
    this.lent = undefined;
    lent?.release();
  }

  private async open(): Promise<Lent> {
    const { connectMs, explicitDeadline, progress, hostKeys, recordHostKeys = false } = this.options;
    const options: ConnectOptions = {
      trust: { hostKeys, record: recordHostKeys },
      connectMs,
      explicitDeadline,
      progress,
    };
    const lent = await acquire(this.endpoint, options);
    try {
      await this.proveRoot(lent.connection);
      return lent;
    } catch (error) {
      lent.release();
      throw error;
    }
  }

  /** Once per connection, and alone: a wrong password costs one attempt and never sees a command's input. */
  private async proveRoot(connection: SshConnection): Promise<void> {
    if (this.root.by === "login" && this.endpoint.user === "root") return;
    const roots = proven.get(connection) ?? new Set<string>();
    const key = JSON.stringify(this.root);
    if (roots.has(key)) return;
    const timeoutMs = 20_000;
    const command = { argv: ["id", "-u"], step: nextStep(), timeoutMs, shared: true, noInput: true };
    const { line, preface } = remoteLine(this.root, command);
    const outcome = await exec(connection, { line, preface, timeoutMs });
    if (outcome.code !== 0 || outcome.stdout.text().trim() !== "0") throw this.notRoot(outcome);
    proven.set(connection, roots.add(key));
  }

  private notRoot(outcome: ExecOutcome): Error {
    const who = `user "${this.endpoint.user}"`;
    if (this.root.by === "login") {
      return new RefusedError(
        `${this.label}: ${who} is not root`,
        "leave connection.sudo out, or set it to true or to { password }, or log in as root",
      );
    }
    const said = outcome.stderr.text().trim() || "it gave no answer in time";
    const wrong =
      this.root.password !== undefined && /incorrect password|try again|no password was provided/i.test(said);
    const remedy = wrong
      ? "check connection.sudo.password"
      : this.root.password === undefined
        ? `set connection.sudo.password, or allow ${who} to use sudo without a password (NOPASSWD)`
        : `allow ${who} to run every command with sudo, without a terminal (no requiretty)`;
    const what = wrong ? "sudo refused the password" : "cannot become root with sudo";
    return new AuthenticationError(`${this.label}: ${what} of ${who}: ${said}`, remedy);
  }
}
