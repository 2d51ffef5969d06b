/** What a running operation tells the user; shown on the resource's own line, best effort. */
export interface Progress {
  /** Replaces the line before it. */
  say(text: string): void;
  /** Stays in the diagnostics. */
  warn(text: string): void;
}

export const silent: Progress = { say: () => {}, warn: () => {} };
