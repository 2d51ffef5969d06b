// One live SSH connection: its channels, and whether it broke.
import type { Client } from "ssh2";
import { Gate } from "../lib/limit";
import type { Endpoint } from "./hop";

/** sshd's MaxSessions is 10; two stay free for a human. */
const channels = 8;

export class SshConnection {
  readonly gate = new Gate(channels);
  private reason: string | undefined;
  private readonly watchers = new Set<() => void>();

  constructor(
    readonly endpoint: Endpoint,
    readonly client: Client,
    /** The key the server proved to have. */
    readonly serverKey: Buffer,
  ) {
    // Stays as long as the client lives: an "error" without a listener would end the whole process.
    client.on("error", (error) => this.fail(error.message));
    client.on("end", () => this.fail("the server closed the connection"));
    client.on("close", () => this.fail("the connection was closed"));
  }

  /** Why it is of no use any more. */
  get broken(): string | undefined {
    return this.reason;
  }

  /** Returns how to stop watching. When it is broken already the watcher is called next, never before this returns. */
  onBroken(watcher: () => void): () => void {
    if (this.reason !== undefined) queueMicrotask(watcher);
    else this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  close(): void {
    this.fail("the connection was closed by us");
    this.client.end();
  }

  private fail(reason: string): void {
    if (this.reason !== undefined) return;
    this.reason = reason;
    const watchers = [...this.watchers];
    this.watchers.clear();
    for (const watcher of watchers) watcher();
    // The socket may still hang half open: nothing more is expected from it.
    setTimeout(() => this.client.destroy(), 1000).unref();
  }
}
