// A terminal of the caller's, for commands that want one.
import { Background } from "./background";

/** What a command of the shell prints on a terminal; it has to succeed. */
export async function onTerminal(command: string): Promise<string> {
  // The input stays open: script tells its end with a character, which the terminal may echo.
  const child = Background.start(["script", "--quiet", "--return", "--command", command, "/dev/null"], "");
  const code = await child.ended;
  if (code !== 0) throw new Error(`${command}: ended with ${code}: ${child.stdout}${child.stderr}`);
  return child.stdout;
}
