// What the command says and asks: progress and questions on standard error, so that standard output stays for the result.
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { UserError } from "../lib/errors";

export interface Terminal {
  say(text: string): void;
  /** The whole answer; the question is only asked of a person. */
  ask(question: string): Promise<string>;
  /** Like `ask`, and what is typed is not shown. `flag` is what a script would give instead. */
  secret(question: string, flag: string): Promise<string>;
  /** All of standard input, for what is piped in. */
  input(): Promise<string>;
}

interface Streams {
  input: NodeJS.ReadStream;
  output: NodeJS.WriteStream;
}

export function terminalOf({ input, output }: Streams): Terminal {
  const line = (question: string, hidden: boolean, flag: string): Promise<string> => {
    if (!input.isTTY) throw new UserError("nobody is there to answer", `give ${flag}`);
    output.write(question);
    const quiet = new Writable({ write: (_chunk, _encoding, done) => done() });
    const reader = createInterface({ input, output: hidden ? quiet : output, terminal: true });
    return new Promise((resolve, reject) => {
      reader.once("line", (answer) => {
        resolve(answer);
        reader.close();
      });
      reader.once("SIGINT", () => reader.close());
      reader.once("close", () => {
        output.write(hidden ? "\n" : "");
        reject(new UserError("no answer was given"));
      });
    });
  };
  return {
    say: (text) => void output.write(`${text}\n`),
    ask: (question) => line(question, false, "--yes"),
    secret: (question, flag) => line(question, true, flag),
    input: async () => {
      let text = "";
      for await (const chunk of input.setEncoding("utf8")) text += chunk;
      return text;
    },
  };
}
