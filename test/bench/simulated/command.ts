// What the provider asks of a host, taken apart again: words, the marks in front, and the script of a `sh -c`.
import { journalLibrary } from "../../../provider/host/journalScript";

export interface Command {
  /** Without the marks and the deadline that every command has. */
  argv: readonly string[];
  /** The text of a `sh -c` without what every script begins with; "" for a program. */
  script: string;
  /** $1, $2, ... of that script. */
  args: readonly string[];
}

/** The inverse of the provider's quoting: plain words, single quotes, and \\' between them. */
export function words(line: string): string[] {
  const found: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < line.length; ) {
    const next = line[at];
    if (next === " ") {
      if (word !== undefined) found.push(word);
      word = undefined;
      at += 1;
    } else if (next === "'") {
      const end = line.indexOf("'", at + 1);
      if (end < 0) throw new Error(`a quote that is not closed: ${line.slice(at, at + 200)}`);
      word = (word ?? "") + line.slice(at + 1, end);
      at = end + 1;
    } else if (next === "\\") {
      word = (word ?? "") + (line[at + 1] ?? "");
      at += 2;
    } else {
      const plain = /[^ '\\]+/y;
      plain.lastIndex = at;
      const part = plain.exec(line)?.[0] ?? "";
      word = (word ?? "") + part;
      at += part.length;
    }
  }
  return word === undefined ? found : [...found, word];
}

export function commandOf(line: string): Command {
  const all = words(line);
  const deadline = all.indexOf("timeout");
  if (all[0] !== "env" || deadline < 0 || all[deadline + 1] !== "-k")
    throw new Error(`a command without its marks or its deadline: ${line.slice(0, 200)}`);
  const argv = all.slice(deadline + 4);
  if (argv[0] !== "sh" || argv[1] !== "-c") return { argv, script: "", args: [] };
  const script = (argv[2] ?? "").replace("set -eu\n", "").replace(journalLibrary, "").trim();
  return { argv, script, args: argv.slice(4) };
}
