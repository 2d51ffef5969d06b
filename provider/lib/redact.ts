// Secret values known to this process are cut out of every text that is shown.

const secrets = new Set<string>();
/** Shorter values would cut pieces out of ordinary words and hide the error itself. */
const shortest = 4;
/** A key's lines are known one by one too: an error may quote only some of them. */
const shortestLine = 24;

export const redacted = "[secret]";

export function rememberSecret(value: string | undefined): void {
  if (value === undefined) return;
  const text = value.trim();
  if (text.length < shortest) return;
  secrets.add(value);
  secrets.add(text);
  const lines = text.split(/\r?\n/);
  if (lines.length === 1) return;
  for (const line of lines) if (line.length >= shortestLine && !line.startsWith("-----")) secrets.add(line.trim());
}

export function redact(text: string): string {
  let shown = text;
  // Longest first: a secret that holds another one is cut out whole.
  for (const secret of [...secrets].sort((a, b) => b.length - a.length)) {
    if (shown.includes(secret)) shown = shown.replaceAll(secret, redacted);
  }
  return shown;
}

/** For tests only. */
export function forgetSecrets(): void {
  secrets.clear();
}
